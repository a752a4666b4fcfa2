"""``stagemail drift``: what was changed on the platform outside Git."""

from collections.abc import Iterator
from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import complain, say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.model.snapshot import Observed
from stagemail.reconcile.once import Prepared
from stagemail.report.drift import drift_json, drift_text, has_drift


def last_changes(observed: Observed) -> Iterator[tuple[str, str]]:
    """What the platform tells of the last change, by ``<key> <field>``."""
    for resource in observed.resources:
        for name, seen in resource.fields.items():
            if seen.at:
                yield f"{resource.key} {name}", seen.at


@click.command(name="drift")
@options.stages
@options.revision
@options.root
@options.no_secrets
@options.formats("text", "json")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    stages: tuple[str, ...],
    more: tuple[str, ...],
    revision: str | None,
    root: Path,
    no_secrets: bool,
    form: str,
) -> int:
    """Tell what the platform has otherwise than Git wants, although Git did not change.

    Exits with 3 if anything, with 1 where a credential cannot be read or is not granted: it was not compared.

    Example: stagemail drift production
    """
    session = RunSession(ctx, root, revision, no_secrets=no_secrets)
    results = session.each(session.stages(stages, more), session.prepare)
    found = [result.value for result in results if result.value is not None]
    plans = tuple(prepared.plan for prepared in found)
    since = {line: at for prepared in found for line, at in last_changes(prepared.situation.observed)}
    errors = {result.stage: result.error for result in results if result.error is not None}
    if form == "json":
        say(drift_json(plans, errors, since))
    else:
        say(drift_text(plans, since, width=width(), color=color()))
        complain(results)
    codes = [_code(prepared, fails=bool(prepared.unread) and not no_secrets) for prepared in found]
    return exits.combined([*codes, *(exits.FAILED for _ in errors)])


def _code(prepared: Prepared, *, fails: bool) -> int:
    """A credential that was not read was not compared, whatever else was found."""
    if fails:
        return exits.FAILED
    return exits.CHANGES if has_drift(prepared.plan) else exits.DONE

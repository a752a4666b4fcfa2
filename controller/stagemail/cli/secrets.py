"""``stagemail secrets``: credentials by reference; no value is ever shown."""

from dataclasses import replace
from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.applying import refuse_dirty, tell_runs
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.secrets_rotate_key import rotate_key
from stagemail.cli.secrets_status import status
from stagemail.cli.terminal import color, width
from stagemail.model import email
from stagemail.model.run import Run
from stagemail.reconcile.once import once
from stagemail.reconcile.uses import uses_of
from stagemail.reconcile.weakness import weak
from stagemail.report.secret_check import secrets_json, secrets_text


@click.group(name="secrets")
def command() -> None:
    """Check references to credentials without showing any.

    Example: stagemail secrets check
    """


@command.command(name="check")
@options.stages
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def check(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], revision: str | None, root: Path, form: str
) -> int:
    """Resolve every reference, after the grants, and print only where each came from. Exits with 1 if one fails.

    Says also which values are weak: short, a placeholder, the user name, or production's in another stage, too.

    Example: stagemail secrets check qa
    """
    session = RunSession(ctx, root, revision)
    uses = [use for stage in session.stages(stages, more) for use in uses_of(session.desired_of(stage)).values()]
    checked = session.running.credentials.check(uses, lambda values: weak(values, *_known(session)))
    say(secrets_json(checked) if form == "json" else secrets_text(checked, width=width(), color=color()))
    return 1 if any(one.error for one in checked) else 0


def _known(session: RunSession) -> tuple[dict[str, str], frozenset[str]]:
    """The user names by stage, and the stages of production."""
    stages = session.installation.operator.stages
    every = {stage: desired for stage in stages if (desired := session.desired_of(stage)) is not None}
    configurations = {stage: desired.configuration for stage, desired in every.items()}
    names = {stage: str(found.fields.get(email.USERNAME, "")) for stage, found in configurations.items() if found}
    return names, frozenset(name for name, stage in stages.items() if stage.purpose == "production")


@command.command(name="push")
@click.argument("stages", nargs=-1, required=True, metavar="STAGE...")
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def push(ctx: click.Context, *, stages: tuple[str, ...], revision: str | None, root: Path, form: str) -> int:
    """Send the secrets of these stages to the platform, and make them live; nothing else is written.

    For secrets that were found there and never written by us (unverified), or after the record was lost.

    Example: stagemail secrets push qa
    """
    session = RunSession(ctx, root, revision)
    refuse_dirty(session)

    def work(stage: str) -> Run:
        return once(replace(session.request(stage), push=True), session.world(stage))

    results = session.each(session.stages(stages), work)
    tell_runs(results, form)
    return exits.of_runs(results)


command.add_command(status)
command.add_command(rotate_key)

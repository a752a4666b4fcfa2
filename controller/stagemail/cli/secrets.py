"""``stagemail secrets``: credentials by reference; no value is ever shown."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import color, say, width
from stagemail.cli.run_session import RunSession
from stagemail.model.secret import SecretRef
from stagemail.reconcile.credentials import Use
from stagemail.reconcile.situation import destinations
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

    Example: stagemail secrets check qa
    """
    session = RunSession(ctx, root, revision)
    uses = [use for stage in session.stages(stages, more) for use in _uses(session, stage)]
    checked = session.running.credentials.check(uses)
    say(secrets_json(checked) if form == "json" else secrets_text(checked, width=width(), color=color()))
    return 1 if any(one.error for one in checked) else 0


def _uses(session: RunSession, stage: str) -> list[Use]:
    desired = session.loaded.stages.get(stage)
    configuration = desired.configuration if desired else None
    if configuration is None:
        return []
    return [
        Use(stage, ref, destinations(configuration, name))
        for name, ref in sorted(configuration.fields.items())
        if isinstance(ref, SecretRef)
    ]

"""``stagemail secrets status``: every credential, its age and expiry, and where it is live. No value is shown."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.reconcile.secret_status import Scene, secret_status, view
from stagemail.report.secret_status import exit_worth, secret_status_json, secret_status_text
from stagemail.wiring.own_secrets import own_secrets

_CODES = {"failed": exits.FAILED, "todo": exits.CHANGES, "done": exits.DONE}


@click.command(name="status")
@options.stages
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def status(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], revision: str | None, root: Path, form: str
) -> int:
    """List every credential: where it is used, version, age, expiry, and whether the version before may be revoked.

    Exits with 3 where something is left to do or runs out within 30 days, 1 where something cannot be read.

    Example: stagemail secrets status production
    """
    session = RunSession(ctx, root, revision)
    loaded = {stage: session.loaded_of(stage) for stage in session.installation.operator.stages}
    views = {stage: view(session.request(stage), session.world(stage)) for stage in session.stages(stages, more)}
    session.progress.clear()
    today = session.installation.clock.now().date()
    every = {stage: desired for stage in loaded if (desired := session.desired_of(stage)) is not None}
    blocked = tuple(sorted(stage for stage, all_of_it in loaded.items() if stage in all_of_it.blocked))
    scene = Scene(every, views, blocked, session.source.locate, today)
    found = secret_status(scene, own_secrets(session.installation), session.running.credentials)
    failures = tuple(each.failure for each in views.values() if each.failure)
    if form == "json":
        say(secret_status_json(found, failures))
    else:
        say(secret_status_text(found, failures, width=width(), color=color()))
    return _CODES[exit_worth(found, failures)]

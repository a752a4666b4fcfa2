"""``stagemail controller``: follow Git and the platforms, and keep every stage as Git wants it."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.controller_edges import Around, serve
from stagemail.cli.logs import guard
from stagemail.wiring.controlling import Controlling
from stagemail.wiring.places import root_of
from stagemail.wiring.tracing import tracing


@click.command(name="controller")
@options.root
@click.option(
    "--leave-to-workers",
    is_flag=True,
    help="Reconcile nothing here: `stagemail worker` on other hosts does. Needs `state: postgresql://…`.",
)
@options.log_format
@click.pass_context
def command(ctx: click.Context, *, root: Path, leave_to_workers: bool, log_format: str) -> int:
    """Follow the sources of the operator file; reconcile a stage when its documents change, and look for drift.

    Honours `sync`: only what it allows is written. Ends in order on SIGTERM and Ctrl-C: within 10 seconds, and what
    was begun is recorded. Nothing is lost by a kill: the next start finds out by reading.

    With `state: postgresql://…` several may run on several hosts: one leads, another takes over where it is gone, and
    `stagemail worker` on any number of hosts helps.

    Example: stagemail --config /etc/stagemail/stagemail.yaml controller
    """
    given = options.globals_of(ctx)
    ctx.call_on_close(guard(given.net.scrub))
    around = Around(log_format, given.net)
    spans, send_last = tracing()
    controlling = Controlling(
        given.config, root_of(root), given.net, [around], spans, state=given.state, passes=not leave_to_workers
    )
    stages = len(controlling.installation.operator.stages)
    begun = f"following {stages} stage{'' if stages == 1 else 's'} of {controlling.path.name}"
    return serve(controlling, around, begun, send_last)

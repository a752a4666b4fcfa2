"""``stagemail worker``: reconcile stages that a controller asks for, one of any number on any number of hosts."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.controller_edges import Around, serve
from stagemail.cli.logs import guard
from stagemail.wiring.places import root_of
from stagemail.wiring.tracing import tracing
from stagemail.wiring.working import Working


@click.command(name="worker")
@options.root
@click.option(
    "--stages-at-once",
    type=click.IntRange(1, 64),
    help="Stages that are reconciled side by side; default: `controller.workers` of the operator file.",
)
@click.option(
    "--listen",
    default="",
    metavar="HOST:PORT",
    help="Answer /healthz, /readyz and /metrics there; left out: nothing listens.",
)
@options.log_format
@click.pass_context
def command(ctx: click.Context, *, root: Path, stages_at_once: int | None, listen: str, log_format: str) -> int:
    """Reconcile stages that `stagemail controller` asks for, as many workers as you like on as many hosts.

    Needs `state: postgresql://…` in the operator file, the same file on every host. No two workers ever reconcile one
    organization at once, and all keep its limits together. A worker that dies is replaced within 30 seconds by any
    other. Ends in order on SIGTERM and Ctrl-C: within 10 seconds, and what it did not finish is done by another.

    Example: stagemail --config /etc/stagemail/stagemail.yaml worker --listen 127.0.0.1:8091
    """
    given = options.globals_of(ctx)
    ctx.call_on_close(guard(given.net.scrub))
    around = Around(log_format, given.net)
    spans, send_last = tracing()
    working = Working(
        given.config,
        root_of(root),
        given.net,
        [around],
        spans,
        state=given.state,
        workers=stages_at_once or 0,
        listen=listen,
    )
    stages = "1 stage" if working.workers == 1 else f"{working.workers} stages"
    return serve(working, around, f"working on up to {stages} at once for {working.path.name}", send_last)

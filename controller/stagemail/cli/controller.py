"""``stagemail controller``: follow Git and the platforms, and keep every stage as Git wants it."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from stagemail.cli import options
from stagemail.cli.controller_edges import Around
from stagemail.cli.logs import guard
from stagemail.wiring.controlling import Controlling
from stagemail.wiring.places import root_of
from stagemail.wiring.tracing import tracing


@click.command(name="controller")
@options.root
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A line for people, or a JSON object a line.",
)
@click.pass_context
def command(ctx: click.Context, *, root: Path, log_format: str) -> int:
    """Follow the sources of the operator file; reconcile a stage when its documents change, and look for drift.

    Honours `sync`: only what it allows is written. Ends in order on SIGTERM and Ctrl-C: within 10 seconds, and what
    was begun is recorded. Nothing is lost by a kill: the next start finds out by reading.

    Example: stagemail --config /etc/stagemail/stagemail.yaml controller
    """
    given = options.globals_of(ctx)
    ctx.call_on_close(guard(given.net.scrub))
    around = Around(log_format, given.net)
    spans, send_last = tracing()
    controlling = Controlling(given.config, root_of(root), given.net, [around], spans, state=given.state)

    def stop(_number: int, _frame: FrameType | None) -> None:
        controlling.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    address = around.start(controlling)
    stages = len(controlling.installation.operator.stages)
    click.echo(f"following {stages} stage{'' if stages == 1 else 's'} of {controlling.path.name}; SIGTERM ends it")
    if address:
        click.echo(f"listening on {address}")
    sys.stdout.flush()
    ended = controlling.run()
    around.stop()
    send_last()
    if ended:
        click.echo("stopped")
        return 0
    click.echo("stopped while something was still under way; the next start finds out what became of it", err=True)
    sys.stdout.flush()
    os._exit(0)  # a thread that waits for an answer cannot be ended otherwise; the record is as safe as after a kill

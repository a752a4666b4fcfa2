"""``stagemail resume``: let automation go on."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.suspend import chosen
from stagemail.wiring.deciding import desk
from stagemail.wiring.reasons import judged


@click.command(name="resume")
@options.stages
@click.option("--all", "every", is_flag=True, help="End the suspension of all stages.")
@click.option("--reason", default="", metavar="TEXT", help="Why, in one line; kept in the record.")
@options.root
@click.pass_context
def command(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], every: bool, reason: str, root: Path
) -> int:
    """Let automatic runs of these stages go on. What was suspended with --all is resumed with --all.

    Example: stagemail resume production
    """
    reason = judged(reason)
    session = RunSession(ctx, root)
    for decision in desk(session.running, session.root).resume(chosen(session, (*stages, *more), every=every), reason):
        say(f"{decision.stage or 'all stages'}: resumed; the next look of the controller reconciles")
    return 0

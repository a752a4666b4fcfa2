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
    """Let automatic runs of these stages go on. What was suspended with --all is resumed with --all, and what was
    suspended by name by its name.

    Example: stagemail resume production
    """
    reason = judged(reason)
    session = RunSession(ctx, root)
    at = desk(session.running, session.root)
    made = at.resume(chosen(session, (*stages, *more), every=every), reason)
    left = at.rest_of([decision.stage for decision in made])
    for decision in made:
        then = "" if left else "; the next look of the controller reconciles"
        say(f"{decision.stage or 'all stages'}: resumed{then}")
    for end in left:
        say(f"suspended all the same: {end}")
    return 0

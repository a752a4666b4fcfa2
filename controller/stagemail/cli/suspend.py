"""``stagemail suspend``: let automation rest, for a while or until somebody resumes."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.errors import UsageError
from stagemail.resources.duration import seconds_of
from stagemail.wiring.deciding import desk
from stagemail.wiring.reasons import judged


@click.command(name="suspend")
@options.stages
@click.option("--all", "every", is_flag=True, help="All stages, also those that are added later.")
@click.option("--reason", default="", metavar="TEXT", help="Why, in one line; everybody who asks is told.")
@click.option("--for", "lasting", default=None, metavar="DURATION", help="For how long, as in 2h or 1d [no end].")
@options.root
@click.pass_context
def command(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], every: bool, reason: str,
    lasting: str | None, root: Path,
) -> int:  # fmt: skip
    """Let automatic runs of these stages rest: the controller and `apply --automatic` write nothing meanwhile.

    It is written into the record, so it needs no server and holds every host that shares it. A person's `apply` is not
    held; `stop` in the operator file holds everybody.

    Example: stagemail suspend production --for 2h --reason "CHG-1234 mail server moves"
    """
    reason = judged(reason)
    session = RunSession(ctx, root)
    made = desk(session.running, session.root).suspend(
        chosen(session, (*stages, *more), every=every), reason, 0 if lasting is None else _seconds(lasting)
    )
    for decision in made:
        until = f"until {decision.until:%Y-%m-%d %H:%M} UTC" if decision.until else "until `stagemail resume`"
        say(f"{decision.stage or 'all stages'}: suspended {until}")
    return 0


def chosen(session: RunSession, named: tuple[str, ...], *, every: bool) -> tuple[str, ...]:
    """The stages that are named, or "" for all of them. Raises UsageError, NotFound."""
    if every and named:
        raise UsageError("--all is all stages", hint="name stages, or write --all")
    if not every and not named:
        raise UsageError("no stage is named", hint="name stages, or write --all")
    return ("",) if every else session.stages(named)


def _seconds(text: str) -> int:
    try:
        found = int(seconds_of(text))
    except ValueError as error:
        raise UsageError(f"--for {text!r} is no duration", hint=str(error)) from None
    if not found:
        raise UsageError(f"--for {text} would be over at once", hint="write a time; leave --for out for no end")
    return found

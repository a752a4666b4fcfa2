"""``stagemail compare``: what differs between two stages, and what of it is meant to."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.errors import UsageError
from stagemail.model.meant import Declared
from stagemail.model.snapshot import Desired
from stagemail.reconcile.compare import Side, compared, names_in_git, side_in_git, side_on_platform
from stagemail.reconcile.situation import load
from stagemail.report.compare import Comparison, comparison_json, comparison_text
from stagemail.resources.comparing import declared_of


@click.command(name="compare")
@click.argument("one", metavar="STAGE")
@click.argument("other", metavar="STAGE")
@click.option("--live", is_flag=True, help="Compare what runs on the platform instead of what Git says.")
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def command(
    ctx: click.Context, *, one: str, other: str, live: bool, revision: str | None, root: Path, form: str
) -> int:
    """Tell what differs between two stages. Hosts, credentials and addresses are meant to; so are recipients between
    production and another stage, and what the operator file declares (`compare.meantToDiffer`).

    Asks no platform unless --live is given. Exits with 3 where something differs that is not meant to.

    Example: stagemail compare qa production
    """
    if one == other:
        raise UsageError(f"{one} and {other} are the same stage", hint="name two stages, as in `compare qa production`")
    session = RunSession(ctx, root, revision)
    session.stages((one, other))
    found = _live(session, one, other) if live else _in_git(session, one, other)
    say(comparison_json(found) if form == "json" else comparison_text(found, width=width(), color=color()))
    return exits.CHANGES if found.unmeant else exits.DONE


def _in_git(session: RunSession, one: str, other: str) -> Comparison:
    left, right = load(session.request(one)), load(session.request(other))
    names = names_in_git(left, right)
    sides = [side_in_git(desired, _purpose(session, desired.stage), names) for desired in (left, right)]
    same = session.installation.check(one)(left).same
    return compared(sides[0], sides[1], session.loaded_of(one).revision.id, same, _declared(session))


def _live(session: RunSession, one: str, other: str) -> Comparison:
    left, right = _side(session, one), _side(session, other)
    session.progress.clear()
    same = session.installation.check(one)(Desired(one)).same
    return compared(left, right, "", same, _declared(session))


def _side(session: RunSession, stage: str) -> Side:
    target = session.running.target(session.installation.target_of(stage))
    return side_on_platform(target, stage, _purpose(session, stage))


def _declared(session: RunSession) -> Declared:
    return declared_of(session.installation.operator.compare)


def _purpose(session: RunSession, stage: str) -> str:
    return session.installation.operator.stages[stage].purpose

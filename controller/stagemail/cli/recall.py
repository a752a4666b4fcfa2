"""``plan`` from what the last whole one found, where that can be: before the verb is loaded, which takes longer.

Only command lines that it understands in full are answered here; every other one takes the ordinary way.
Not here: what is remembered, and when it still holds (``wiring.recalled``).
"""

import os
from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import say
from stagemail.cli.plan_report import code_of, render
from stagemail.errors import StagemailError
from stagemail.model.plan import Plan
from stagemail.source.cache import default_folder
from stagemail.wiring.clock import SPEED_VARIABLE, SystemClock
from stagemail.wiring.memo import load_memo, memo_path
from stagemail.wiring.places import operator_file, root_of
from stagemail.wiring.recalled import recalled


@click.command(add_help_option=False)
@options.stages
@options.root
@click.option("--detailed-exitcode", is_flag=True)
@options.formats("text", "json", "markdown")
def _understood(**_given: object) -> None:
    """The options that change nothing in a plan."""


def shortcut(config: str | None, arguments: list[str]) -> click.Command | None:
    """A command that prints the plans, if all was remembered; None: run the verb."""
    try:
        given = _understood.make_context("", list(arguments)).params
        root = root_of(given["root"])
        operator = operator_file(config, root)
    except (click.ClickException, StagemailError):
        return None
    if operator is None or os.environ.get(SPEED_VARIABLE):
        return None
    stages = tuple(dict.fromkeys((*given["stages"], *given["more"])))
    plans = _plans(operator.absolute(), root, stages)
    return None if plans is None else _telling(plans, given["form"], detailed=given["detailed_exitcode"])


def _plans(operator: Path, root: Path, stages: tuple[str, ...]) -> tuple[Plan, ...] | None:
    memo = load_memo(memo_path(default_folder(), operator, root))
    if memo is None or memo.root != str(root):
        return None
    return recalled(memo, stages, SystemClock(), Path(memo.record))


def _telling(plans: tuple[Plan, ...], form: str, *, detailed: bool) -> click.Command:
    def tell() -> int:
        say(render(plans, {}, form))
        return exits.combined([code_of(plan, fails=False, detailed=detailed) for plan in plans])

    return click.Command("plan", callback=tell)

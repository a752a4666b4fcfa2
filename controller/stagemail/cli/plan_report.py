"""What ``stagemail plan`` prints and exits with, however its plans were made.

Not here: making them (``plan``, ``recall``).
"""

from importlib import import_module
from typing import Any

from stagemail.cli import exits
from stagemail.cli.terminal import color, width
from stagemail.errors import StagemailError
from stagemail.model.plan import Plan
from stagemail.report.plan_text import plan_text


def render(plans: tuple[Plan, ...], errors: dict[str, StagemailError], form: str) -> str:
    """Plans in a form."""
    text: str
    if form == "json":
        text = late("report.plan_json").plans_json(plans, errors)
        return text
    if form == "markdown":
        text = late("report.plan_markdown").plans_markdown(plans, errors)
        return text
    return "\n".join(plan_text(plan, width=width(), color=color()) for plan in plans)


def late(module: str) -> Any:
    """A module that only some ways of asking need."""
    return import_module(f"stagemail.{module}")


def code_of(plan: Plan, *, fails: bool, detailed: bool) -> int:
    """The exit code of one plan."""
    if fails:
        return exits.FAILED
    if plan.is_held:
        return exits.HELD
    return exits.CHANGES if detailed and plan.has_changes else exits.DONE


def code_of_all(plans: tuple[Plan, ...], *, detailed: bool) -> int:
    """The exit code of plans of which none fails."""
    return exits.combined([code_of(plan, fails=False, detailed=detailed) for plan in plans])

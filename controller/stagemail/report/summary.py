"""A plan in numbers and headlines: what it would write, what is held, what is left alone, whose mail widens.

Not here: how it is laid out (``plan_text``, ``plan_markdown``).
"""

from collections.abc import Iterable

from stagemail.dataclass import dataclass
from stagemail.model import email
from stagemail.model.plan import Plan
from stagemail.model.step import Case, Step

OUTSIDE: frozenset[Case] = frozenset({"drift", "overwritten", "takeover"})
"""Rows of the three-way table that somebody else than Git brought about."""

LEFT_ALONE = ("in-sync", "uncovered", "not-bindable", "stage-unmanaged")


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """Numbers of steps, of one plan. Activations that only run where something is pending are not counted."""

    stage: str
    revision: str
    write: int
    activate: int
    forget: int
    held: int
    blocked: int
    reported: int
    left_alone: int
    waiting: int
    widened: tuple[str, ...]
    """Apps and stages whose mail goes from a test list to real users, held or not."""
    has_changes: bool
    is_held: bool


def short(revision: str) -> str:
    """A revision as people read it: the first twelve digits of a commit, anything else whole."""
    is_commit = len(revision) >= 40 and all(char in "0123456789abcdef" for char in revision)
    return revision[:12] if is_commit else revision


def summary_of(plan: Plan) -> PlanSummary:
    """Count a plan."""
    runnable = [step for step in plan.runnable if not step.if_pending]
    return PlanSummary(
        stage=plan.stage,
        revision=plan.revision,
        write=_count(runnable, "write"),
        activate=_count(runnable, "activate"),
        forget=_count(runnable, "unmanage"),
        held=sum(not step.if_pending for step in (*plan.held, *plan.gated)),
        blocked=sum(not step.if_pending for step in plan.blocked),
        reported=sum(not step.if_pending for step in plan.reported),
        left_alone=len({(note.kind, note.subject) for note in plan.notes if note.kind in LEFT_ALONE}),
        waiting=len({note.subject for note in plan.notes if note.kind == "waiting"}),
        widened=tuple(step.label for step in widening(plan)),
        has_changes=plan.has_changes,
        is_held=plan.is_held,
    )


def _count(steps: Iterable[Step], action: str) -> int:
    return sum(step.action == action for step in steps)


def widening(plan: Plan) -> tuple[Step, ...]:
    """The steps that send mail to real people which a test list caught before."""
    return tuple(step for step in plan.steps if _widens(step))


def _widens(step: Step) -> bool:
    if any(hazard.kind == "recipients-widened" for hazard in step.hazards):
        return True
    modes = [change for change in step.changes if change.field == email.RECIPIENTS_MODE]
    return any(email.widens({change.field: change.before}, {change.field: change.after}) for change in modes)


def subject_of(plan: Plan, step: Step) -> str:
    """A step's resource as the headline names it: ``qa/CRM``, or ``qa`` for the stage's own settings."""
    return plan.stage if step.key.kind == "configuration" else f"{plan.stage}/{step.label}"


def fate(step: Step) -> str:
    """What becomes of a step, in a word or two; "" where it simply runs."""
    if step.held:
        return "held"
    if step.reported:
        return "reported, left alone"
    return "waits" if step.gate else "blocked" if step.blocked else ""


def counts_text(summary: PlanSummary) -> str:
    """The headline's numbers: ``2 to write, 1 held, 3 left alone``."""
    named = (
        (summary.write, "to write"),
        (summary.activate, "to make live"),
        (summary.forget, "to forget"),
        (summary.held, "held"),
        (summary.blocked, "blocked"),
        (summary.reported, "reported"),
        (summary.waiting, "waiting"),
        (summary.left_alone, "left alone"),
    )
    parts = [f"{number} {what}" for number, what in named if number]
    if summary.has_changes:
        return ", ".join(parts)
    return ", ".join(("nothing to do", *parts))


def next_text(plan: Plan) -> str:
    """What the reader should do next, as one sentence with the command."""
    summary = summary_of(plan)
    command = f"stagemail apply {plan.stage}"
    if not plan.has_changes:
        return _nothing(plan)
    if summary.write + summary.activate + summary.forget:
        left = " or ".join(word for word, is_so in (("held", plan.is_held), ("blocked", plan.blocked)) if is_so)
        return f"Next: {command}" + (f"; what is {left} stays as it is." if left else ".")
    if plan.is_held:
        at_gate = plan.gated and not plan.held and not plan.hazards
        what = "wait until the gate opens" if at_gate else "commit a waiver as above, or change the files"
        return f"Next: {what}; until then {command} writes nothing."
    if summary.blocked:
        return f"Next: provide what is missing (stagemail secrets check names it), then {command}."
    if all(change.case in OUTSIDE for step in plan.reported for change in step.changes):
        return f"Next: {command} brings back what Git wants; or change the files to what the platform has."
    return f"Next: {command}; automation leaves this to a person."


def _nothing(plan: Plan) -> str:
    if any(note.kind == "credentials-not-read" for note in plan.notes):
        return f"Nothing else to do: the rest of {plan.stage} is as Git wants it; what was not read is unknown."
    return f"Nothing to do: {plan.stage} is as Git wants it."

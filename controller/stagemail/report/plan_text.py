"""A plan as text for a terminal: headline, steps in the order of work, what is held and how to accept it, notes, next.

Not here: the words of values (``values``), the numbers (``summary``), wrapping and escaping (``sheet``).
"""

from collections.abc import Sequence
from itertools import groupby

from stagemail.model.plan import Plan
from stagemail.model.step import Hazard, Step
from stagemail.report.notes import note_groups
from stagemail.report.sheet import Part, Sheet, Style, cells
from stagemail.report.summary import counts_text, fate, next_text, short, subject_of, summary_of, widening
from stagemail.report.values import case_text, change_text
from stagemail.report.waivers import NO_WAIVER, waivers_yaml

PHASES: tuple[str, ...] = (
    "Recipients, before anything else",
    "Make those recipients live",
    "The stage's settings",
    "Make the stage's settings live",
    "Recipients that widen, last",
    "Make those recipients live",
    "Forget (the platform keeps its values)",
)
VERBS = {"write": "write", "activate": "make live", "unmanage": "forget"}
OBVIOUS = "make "
"""Reasons that begin so only repeat the heading of their phase."""

NAMED = 40
"""Up to so many resources are named that nothing is done to."""

MANY = 8
"""Up to so many apps are named where a step only runs on those that turn out to be pending."""


def plan_text(plan: Plan, *, width: int = 80, color: bool = False) -> str:
    """The plan of one stage. ``width`` in columns; longer words stay whole."""
    sheet = Sheet(width, color=color)
    _headline(sheet, plan)
    for phase, steps in groupby(plan.steps, key=lambda step: step.phase):
        sheet.blank()
        sheet.line((PHASES[phase] if phase < len(PHASES) else f"Phase {phase}", "bold"))
        for together in _together(tuple(steps)):
            _step(sheet, plan, together)
    _waivers(sheet, plan)
    _notes(sheet, plan)
    sheet.blank()
    sheet.line((next_text(plan), "bold"))
    return sheet.text()


def _headline(sheet: Sheet, plan: Plan) -> None:
    widened: dict[str, list[str]] = {}
    for step in widening(plan):
        widened.setdefault(_widening_fate(step), []).append(subject_of(plan, step))
    for word, subjects in widened.items():
        sheet.line((f"{', '.join(subjects)}: test list → real users", "red"), f" ({word})")
    summary = summary_of(plan)
    sheet.line((f"{plan.stage} at {short(plan.revision)}: {counts_text(summary)}", "bold"))
    apps = "1 app" if plan.apps == 1 else f"{plan.apps} apps"
    purpose = f", {plan.identity.purpose}" if plan.identity.purpose else ""
    sheet.line((f"{plan.identity.name or plan.stage} of target {plan.target}{purpose}, {apps}", "dim"), indent=2)
    for hazard in plan.hazards:
        sheet.line(("Everything is held: ", "red"), *_hazard(hazard), indent=2)


def _widening_fate(step: Step) -> str:
    if not step.runnable:
        return fate(step)
    return f"accepted by waiver {', '.join(step.waivers)}" if step.waivers else "nothing holds it"


def _together(steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """Activations that say the same are one entry; everything else stands alone."""
    found: list[tuple[Step, ...]] = []
    for step in steps:
        last = found[-1] if found else ()
        if last and step.action == "activate" and _alike(last[0], step):
            found[-1] = (*last, step)
        else:
            found.append((step,))
    return found


def _alike(one: Step, other: Step) -> bool:
    def said(step: Step) -> object:
        return (step.action, step.why, step.hazards, step.held, step.if_pending, step.reported, step.blocked, step.gate)

    return said(one) == said(other)


def _step(sheet: Sheet, plan: Plan, steps: tuple[Step, ...]) -> None:
    first = steps[0]
    sheet.line(*_title(steps), indent=2, hang=6)
    wide = max((cells(change.field) for change in first.changes), default=0)
    for change in first.changes:
        sheet.row((change.field, (change_text(change), "cyan"), (f"   {case_text(change)}", "dim")), (wide,), indent=6)
    said = {case_text(change) for change in first.changes}
    why = [reason for reason in first.why if reason and reason not in said and not reason.startswith(OBVIOUS)]
    if why:
        sheet.line((f"why: {'; '.join(why)}", "dim"), indent=6, hang=11)
    for hazard in first.hazards:
        _hazard_line(sheet, plan, first, hazard)
    if first.gate:
        sheet.line(("waits: ", "yellow"), first.gate, indent=6, hang=13)
    elif first.blocked:
        sheet.line(("blocked: ", "red"), first.blocked, indent=6, hang=15)


def _title(steps: tuple[Step, ...]) -> list[Part]:
    first = steps[0]
    word = fate(first)
    parts: list[Part] = [(f"{word}: ", "red" if first.held or first.blocked else "yellow")] if word else []
    names = ", ".join(step.label for step in steps)
    if not first.if_pending:
        unit = f" {first.unit.replace('+', ' and ')}" if first.action == "write" else ""
        return [*parts, (VERBS[first.action], _tone(first)), f" {names}{unit}"]
    number = "1 app" if len(steps) == 1 else f"{len(steps)} apps"
    named = f" ({names})" if len(steps) <= MANY else ""
    return [*parts, (f"make it live where it is still pending: {number}", _tone(first)), named]


def _tone(step: Step) -> Style:
    return "green" if step.runnable else "yellow"


def _hazard(hazard: Hazard) -> tuple[Part, ...]:
    return ((hazard.kind, "yellow"), f": {hazard.message}")


def _hazard_line(sheet: Sheet, plan: Plan, step: Step, hazard: Hazard) -> None:
    if hazard in plan.hazards:
        return
    if hazard in step.held:
        word = "held for "
    else:
        word = f"accepted by {', '.join(step.waivers)}: " if step.waivers else "note "
    sheet.line((word, "red" if hazard in step.held else "dim"), *_hazard(hazard), indent=6, hang=8)
    if hazard in step.held and hazard.kind in NO_WAIVER:
        sheet.line("it needs no waiver: the next run inside the window does it", indent=8)


def _waivers(sheet: Sheet, plan: Plan) -> None:
    text = waivers_yaml(plan)
    if not text:
        return
    sheet.blank()
    where = f"environments/{plan.stage}/waivers.yaml"
    sheet.line(
        ("To accept what is held", "bold"), f", commit this to {where} (or another file of the stage's folders):"
    )
    sheet.verbatim(text, indent=4)


def _names(names: Sequence[str]) -> str:
    """What is in order, by name as long as somebody would read it."""
    rest = len(names) - NAMED
    return ", ".join(names) if rest <= 0 else f"{', '.join(names[:NAMED])} and {rest} more"


def _notes(sheet: Sheet, plan: Plan) -> None:
    for group in note_groups(plan.notes):
        sheet.blank()
        sheet.line((group.title, "yellow" if group.warns else "bold"))
        if group.brief:
            sheet.line(_names([note.subject for note in group.notes]), indent=2, hang=2)
            continue
        for message, subjects in group.by_message():
            sheet.line((", ".join(subjects), "cyan"), f": {message}", indent=2, hang=4)

"""Plans as Markdown for a pull request: headlines open, steps and notes behind a click, waivers to copy.

Not here: posting it (``host``), what keeps values from breaking out (``markdown``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from stagemail.errors import StagemailError
from stagemail.model.plan import Plan
from stagemail.model.step import Step
from stagemail.report.failure import failures_markdown, failures_of
from stagemail.report.markdown import code, details, fenced, prose, table
from stagemail.report.notes import note_groups
from stagemail.report.summary import counts_text, fate, next_text, short, subject_of, summary_of, widening
from stagemail.report.values import case_text, change_text
from stagemail.report.waivers import waivers_yaml

LIMIT = 60_000
"""Characters; a comment on GitHub holds 65,536, and the caller wants a few for its own."""

VERBS = {"write": "write", "activate": "make live", "unmanage": "forget"}


def plans_markdown(
    plans: Iterable[Plan], errors: Mapping[str, StagemailError] = MappingProxyType({}), *, limit: int = LIMIT
) -> str:
    """All plans, and what stopped stages, by stage. What does not fit is left out whole and that is said."""
    listed, failed = tuple(plans), failures_markdown(failures_of(errors))
    for parts, missing in _DEPTHS:
        text = "\n".join("\n".join(part(plan) for part in parts if part(plan)) for plan in listed)
        text = "\n".join(part for part in (text, failed, f"{missing}\n" if missing else "") if part)
        if len(text) <= limit:
            return text
    return f"{len(listed)} plans are too long for this place; run `stagemail plan` to see them.\n"


def _headline(plan: Plan) -> str:
    summary = summary_of(plan)
    lines = [f"### {code(plan.stage)} at {prose(short(plan.revision))}: {counts_text(summary)}\n"]
    for step in widening(plan):
        word = fate(step) or (
            f"accepted by {', '.join(map(code, step.waivers))}" if step.waivers else "nothing holds it"
        )
        lines.append(f"⚠️ **{code(subject_of(plan, step))}: test list → real users** ({word})\n")
    lines += [f"⛔ **Everything is held**: {h.kind}: {prose(h.message)}\n" for h in plan.hazards]
    return "\n".join(lines)


def _held(plan: Plan) -> str:
    text = table(("Step", "", "Because"), [row for step in plan.steps for row in _hazards(plan, step)])
    waivers = waivers_yaml(plan)
    if not waivers:
        return text
    title = f"To accept it, commit this to {code(f'environments/{plan.stage}/waivers.yaml')} or beside it:\n"
    return "\n".join(part for part in (text, title, fenced("yaml", waivers)) if part)


def _hazards(plan: Plan, step: Step) -> Iterable[Sequence[str]]:
    subject = code(subject_of(plan, step))
    for hazard in step.hazards:
        if hazard in plan.hazards:
            continue
        waivers = ", ".join(map(code, step.waivers))
        word = "**held**" if hazard in step.held else f"accepted by {waivers}" if waivers else "note"
        yield subject, f"{word}: {hazard.kind}", prose(hazard.message)
    if step.gate:
        yield subject, "**waits**", prose(step.gate)
    elif step.blocked:
        yield subject, "**blocked**", prose(step.blocked)


def _steps(plan: Plan) -> str:
    steps = [step for step in plan.steps if not step.if_pending]
    rows = [row for step in steps for row in _rows(plan, step)]
    pending = [step.label for step in plan.steps if step.if_pending]
    text = table(("Step", "Field", "Change", "Why"), rows)
    if pending:
        text += f"\nMade live where it is still pending: {len(pending)} apps ({', '.join(map(code, pending))})\n"
    return details(f"Steps ({len(steps)})", text) if text else ""


def _rows(plan: Plan, step: Step) -> Iterable[Sequence[str]]:
    word = fate(step)
    title = f"{VERBS[step.action]} {code(subject_of(plan, step))}" + (f" **{word}**" if word else "")
    if not step.changes:
        yield title, "", "", prose("; ".join(step.why))
    for number, change in enumerate(step.changes):
        yield title if not number else "", code(change.field), code(change_text(change)), case_text(change)


def _notes(plan: Plan) -> str:
    lines: list[str] = []
    for group in note_groups(plan.notes):
        lines.append(f"\n**{group.title}**\n")
        if group.brief:
            lines.append(", ".join(code(note.subject) for note in group.notes) + "\n")
        else:
            lines += [f"- {', '.join(map(code, names))}: {prose(text)}" for text, names in group.by_message()]
    return details(f"Left alone, and notes ({len(plan.notes)})", "\n".join(lines)) if lines else ""


def _next(plan: Plan) -> str:
    return f"{next_text(plan)}\n"


Part = Callable[[Plan], str]
_DEPTHS: tuple[tuple[tuple[Part, ...], str], ...] = (
    ((_headline, _held, _steps, _notes, _next), ""),
    ((_headline, _held, _steps, _next), "Notes are left out here for their length; `stagemail plan` shows them."),
    ((_headline, _held, _next), "Steps and notes are left out here for their length; `stagemail plan` shows them."),
    ((_headline, _next), "Only headlines fit here; `stagemail plan` shows steps, notes and waivers."),
)

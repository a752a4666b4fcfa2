"""Why a value is what it is: each effective field, where it is written, which pattern caught the app, what to edit.

``Explanation`` is filled from a checkout alone. Not here: finding lines and commits (``source``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stagemail.model.field import Support, Value
from stagemail.model.location import Location
from stagemail.model.revision import Commit
from stagemail.report.envelope import envelope
from stagemail.report.sheet import Sheet
from stagemail.report.summary import short
from stagemail.report.values import value_text

KIND = "explanation"
SUPPORT: dict[Support, str] = {
    "sets": "set by the target",
    "verifies": "only verified by the target",
    "cannot": "not supported by the target",
}


@dataclass(frozen=True, slots=True)
class ExplainedField:
    """One effective value.

    ``origin`` says how it came about ("written", "default", "inherited from configuration corporate-relay").
    ``location`` is where to edit it, ``edit`` what to do there; ``reason`` is the target's word on ``support``.
    """

    field: str
    value: Value
    origin: str = "written"
    location: Location | None = None
    changed_by: Commit | None = None
    edit: str = ""
    support: Support = "sets"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What Git says of a stage, or of one app of it (``app`` is "" for the stage's own settings).

    ``pattern`` is the one that caught the app, "" for an exact name. ``notes`` are sentences, for example that the
    app is bound by nobody. ``revision`` is what was looked at.
    """

    stage: str
    app: str = ""
    revision: str = ""
    configuration: str = ""
    binding: str = ""
    pattern: str = ""
    bound_at: Location | None = None
    fields: tuple[ExplainedField, ...] = ()
    notes: tuple[str, ...] = ()
    live_checked: bool = False
    """False: only Git was read, so nothing is said about what runs."""


def explain_json(explanations: Iterable[Explanation]) -> str:
    """All of every explanation."""
    return envelope(KIND, explanations=tuple(explanations))


def explain_text(explanations: Iterable[Explanation], *, width: int = 80, color: bool = False) -> str:
    """A block per stage or app."""
    sheet = Sheet(width, color=color)
    for explanation in explanations:
        sheet.blank()
        _explanation(sheet, explanation)
    return sheet.text()


def _explanation(sheet: Sheet, it: Explanation) -> None:
    subject = f"{it.stage}/{it.app}" if it.app else it.stage
    sheet.line((subject, "bold"), f" at {short(it.revision)}" if it.revision else "")
    if it.configuration:
        sheet.line(f"configuration {it.configuration}", indent=2)
    if it.binding:
        how = f"caught by pattern {it.pattern}" if it.pattern else "by name"
        sheet.line(f"binding {it.binding}, {how}", f", {it.bound_at}" if it.bound_at else "", indent=2)
    for field in it.fields:
        _field(sheet, field)
    for note in it.notes:
        sheet.line(("note: ", "yellow"), note, indent=2, hang=4)
    if not it.live_checked:
        text = f"This is what Git says. Liveness was not checked: stagemail status {it.stage} tells what runs."
        sheet.line((text, "dim"))


def _field(sheet: Sheet, it: ExplainedField) -> None:
    sheet.line((it.field, "cyan"), f"  {value_text(it.value)}", indent=2, hang=6)
    where = str(it.location) if it.location else ""
    origin = it.origin if it.origin != "written" or not where else ""
    if where or origin:
        sheet.line(", ".join(part for part in (where, origin) if part), indent=6)
    if it.changed_by:
        by = it.changed_by
        sheet.line(("last changed ", "dim"), f"{by.at} by {by.author}, {short(by.id)}: {by.subject}", indent=6)
    if it.edit:
        sheet.line(("to change it: ", "dim"), it.edit, indent=6)
    if it.support != "sets":
        sheet.line((SUPPORT[it.support], "yellow"), f": {it.reason}" if it.reason else "", indent=6)

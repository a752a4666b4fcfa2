"""Two stages side by side: what differs, and what of it is meant to. Not here: comparing (``reconcile.compare``)."""

from collections.abc import Iterable
from dataclasses import dataclass

from stagemail.model.field import Value
from stagemail.report.envelope import envelope
from stagemail.report.sheet import Sheet, Style, cells
from stagemail.report.summary import short
from stagemail.report.values import value_text

KIND = "comparison"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is otherwise in the other stage. ``subject``: an app or a pattern, "" for the stage's settings.

    ``meant`` says why it is meant to differ, "" where it is not. A secret is never more than its reference.
    """

    subject: str
    field: str
    one: Value
    other: Value
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two stages by name. ``revision`` is "" where the platform was read instead of Git; ``same`` counts fields."""

    one: str
    other: str
    revision: str
    same: int
    differences: tuple[Difference, ...]

    @property
    def unmeant(self) -> tuple[Difference, ...]:
        """What should be equal and is not."""
        return tuple(difference for difference in self.differences if not difference.meant)


def comparison_json(it: Comparison) -> str:
    """All of it."""
    return envelope(KIND, comparison=it, unmeant=len(it.unmeant))


def comparison_text(it: Comparison, *, width: int = 80, color: bool = False) -> str:
    """What is not meant to differ first, then what is; both sides by name."""
    sheet = Sheet(width, color=color)
    where = f"at {short(it.revision)}" if it.revision else "on the platform, as it runs"
    sheet.line((f"{it.one} and {it.other} {where}: {_counts(it)}", "bold"))
    meant = [difference for difference in it.differences if difference.meant]
    _listed(sheet, it, it.unmeant, "Not meant to differ", "red")
    _listed(sheet, it, meant, "Meant to differ", "")
    if it.unmeant and it.revision:
        sheet.blank()
        sheet.line(("Next: ", "bold"), f"stagemail explain {it.other} says where each value is written.")
    return sheet.text()


def _counts(it: Comparison) -> str:
    total, meant = len(it.differences), len(it.differences) - len(it.unmeant)
    if not total:
        return f"nothing differs ({it.same} fields are the same)"
    differ = "1 field differs" if total == 1 else f"{total} fields differ"
    return f"{differ}, {meant} of them meant to; {it.same} are the same"


def _listed(sheet: Sheet, it: Comparison, differences: Iterable[Difference], heading: str, tone: Style) -> None:
    for number, difference in enumerate(differences):
        if number == 0:
            sheet.blank()
            sheet.line((heading, tone or "bold"))
        subject = f"{difference.subject} {difference.field}" if difference.subject else difference.field
        sheet.line((subject, "cyan"), f"  ({difference.meant})" if difference.meant else "", indent=2, hang=4)
        wide = max(cells(it.one), cells(it.other))
        for stage, value in ((it.one, difference.one), (it.other, difference.other)):
            sheet.row(((stage, "dim"), value_text(value)), (wide,), indent=4)

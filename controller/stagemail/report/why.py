"""``status --why``: what an admin needs when mail has stopped: changes, pending against live, expiry, the way back.

Filled by ``reconcile.why``. Not here: finding it out.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from stagemail.dataclass import dataclass
from stagemail.model.field import Value
from stagemail.model.revision import Commit
from stagemail.model.run import Run
from stagemail.report.drift import Drift
from stagemail.report.envelope import envelope
from stagemail.report.failure import Failure
from stagemail.report.instants import at_text, told_at_text
from stagemail.report.runs import STATUS
from stagemail.report.sheet import Sheet, Style
from stagemail.report.status import StageStatus
from stagemail.report.summary import short
from stagemail.report.values import value_text

KIND = "why"
SOON = 30
"""Days before an expiry from which it is marked."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One value that is set on the platform and not live yet, in these apps."""

    field: str
    live: Value
    set: Value
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Expiry:
    """Something that runs out. ``on`` is an ISO date, ``days`` from today on; none left where it is not positive."""

    on: str
    what: str
    days: int


@dataclass(frozen=True, slots=True, order=True)
class Touched:
    """When the platform says that one of its values was last set, newest first in a report."""

    at: str
    what: str


@dataclass(frozen=True, slots=True)
class Why:
    """One stage. ``commits`` newest first; ``changed_by_us`` is the last run that wrote anything.

    ``revert`` is the commands that bring back what Git had before the newest commit; ``also`` the other stages that
    this concerns. ``failures``: what could not be read, so that the rest is told all the same.
    """

    status: StageStatus
    at: datetime
    commits: tuple[Commit, ...] = ()
    changed_by_us: Run | None = None
    touched: tuple[Touched, ...] = ()
    pending: tuple[Pending, ...] = ()
    foreign: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()
    expiries: tuple[Expiry, ...] = ()
    revert: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def why_json(stages: Iterable[Why]) -> str:
    """All of every stage."""
    return envelope(KIND, stages=tuple(stages))


def why_text(stages: Iterable[Why], *, width: int = 80, color: bool = False) -> str:
    """Per stage: how it stands, then what may be the reason, then the way back."""
    sheet = Sheet(width, color=color)
    for it in stages:
        sheet.blank()
        _headline(sheet, it)
        for failure in it.failures:
            sheet.line(("cannot be read: ", "red"), failure.message, indent=2, hang=4)
            if failure.hint:
                sheet.line("→ ", failure.hint, indent=4, hang=6)
        _git(sheet, it)
        _platform(sheet, it)
        _waiting(sheet, it)
        _expiry(sheet, it.expiries)
        _back(sheet, it)
    return sheet.text()


def _headline(sheet: Sheet, it: Why) -> None:
    status = it.status
    tone: Style = "green" if status.ready else "red"
    live = f", live on {status.live} of {status.apps} apps" if status.apps and status.applied else ""
    sheet.line((status.stage, "bold"), "  ", (status.word, tone), f"{live}, at {at_text(it.at)}")
    if status.observed_at is None:
        sheet.line(("the platform was not read: this is what the record says", "yellow"), indent=2)
    for condition in status.conditions:
        if condition.status == "True" and condition.type == "Stalled":
            sheet.line((f"{condition.reason}: ", "red"), condition.message, indent=2, hang=4)
    if status.not_live:
        sheet.line(("not live: ", "red"), ", ".join(status.not_live), indent=2, hang=4)


def _git(sheet: Sheet, it: Why) -> None:
    sheet.line(("Git", "bold"), indent=2)
    if not it.commits:
        text = "no commit is known here: look in a clone with full history (git fetch --unshallow)"
        sheet.line(text, indent=4, hang=6)
    for number, commit in enumerate(it.commits[:2]):
        word = "last change" if number == 0 else "before that"
        sheet.line((f"{word}  ", "dim"), f"{told_at_text(commit.at)} by {commit.author}", indent=4)
        sheet.line(f"{short(commit.id)} {commit.subject}", indent=17)
    wanted, applied = it.status.wanted, it.status.applied
    if wanted and wanted != applied:
        done = f"last applied is {short(applied)}" if applied else "nothing was applied yet"
        sheet.line((f"Git is at {short(wanted)}, {done}", "yellow"), indent=4)


def _platform(sheet: Sheet, it: Why) -> None:
    sheet.line(("Platform", "bold"), indent=2)
    run = it.changed_by_us
    ours = f"{at_text(run.started)} by {run.actor}, {STATUS[run.status]}, at {short(run.revision)}" if run else "never"
    sheet.line(("written by us  ", "dim"), ours, indent=4, hang=19)
    for touched in it.touched[:3]:
        sheet.line(("last set       ", "dim"), f"{told_at_text(touched.at)} {touched.what}", indent=4, hang=19)
    if not it.touched and it.status.observed_at:
        sheet.line(("last set       ", "dim"), "the platform does not tell", indent=4, hang=19)
    for drift in it.drift:
        sheet.line((f"changed outside Git: {drift.subject} {drift.field}", "red"), indent=4)
        sheet.line(f"{value_text(drift.platform_has)} there, {value_text(drift.git_wants)} in Git", indent=6)


def _waiting(sheet: Sheet, it: Why) -> None:
    if it.pending or it.foreign or it.status.held:
        sheet.line(("Waiting", "bold"), indent=2)
    for pending in it.pending:
        where = f"{len(pending.apps)} apps" if len(pending.apps) > 3 else ", ".join(pending.apps)
        values = f"runs {value_text(pending.live)}, set is {value_text(pending.set)}"
        sheet.line((f"pending: {pending.field}", "yellow"), f": {values} ({where})", indent=4, hang=6)
    for text in it.foreign:
        sheet.line(("pending, not ours: ", "yellow"), text, indent=4, hang=6)
    for text in it.status.held:
        sheet.line(("held: ", "red"), text, indent=4, hang=6)


def _expiry(sheet: Sheet, expiries: Sequence[Expiry]) -> None:
    if expiries:
        sheet.line(("Expiry", "bold"), indent=2)
    for it in expiries:
        left = f"in {it.days} days" if it.days > 0 else "today" if it.days == 0 else f"{-it.days} days ago"
        tone: Style = "red" if it.days <= 0 else "yellow" if it.days <= SOON else ""
        sheet.line((f"{it.on} ({left})", tone), f"  {it.what}", indent=4, hang=6)


def _back(sheet: Sheet, it: Why) -> None:
    if not it.revert:
        return
    sheet.line(("Back to what Git had before its last change", "bold"), indent=2)
    for command in it.revert:
        sheet.verbatim(command, indent=4)
    if it.also:
        sheet.line(f"This concerns {', '.join(it.also)}, too: its last change is the same commit.", indent=4)

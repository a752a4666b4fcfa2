"""The state of stages: what is live, what waits, what is wrong, as Kubernetes-like conditions and in words.

``StageStatus`` is filled by whoever read the record (and the platform, where it was). Not here: reading either.
"""

from collections.abc import Iterable
from datetime import datetime

from stagemail.dataclass import dataclass
from stagemail.model.condition import Condition
from stagemail.model.inventory import StageIdentity
from stagemail.model.problem import Problem
from stagemail.model.revision import Commit
from stagemail.model.run import Run
from stagemail.report.envelope import envelope
from stagemail.report.instants import at_text, took_text
from stagemail.report.problems import counts_text
from stagemail.report.runs import STATUS
from stagemail.report.sheet import Sheet, Style, cells
from stagemail.report.summary import short
from stagemail.report.watching import Watch, watch_line

KIND = "status"


@dataclass(frozen=True, slots=True)
class StageStatus:
    """One stage. ``pending``, ``held``, ``drift``, ``expiring`` and ``unread`` are short sentences, each about one
    resource.

    ``wanted`` is the revision that Git is at, ``applied`` the one that was last done whole; "" where unknown.
    ``observed_at`` is None where the platform was not read and all is from the record.
    """

    stage: str
    target: str
    identity: StageIdentity | None = None
    wanted: str = ""
    applied: str = ""
    last_run: Run | None = None
    conditions: tuple[Condition, ...] = ()
    live: int = 0
    apps: int = 0
    not_live: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    observed_at: datetime | None = None
    expiring: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Credentials that could not be read, each with why and the next step."""
    lacks_credential: bool = False
    """Whether one of them is missing for more than what a guard or a gate holds anyway: an apply would fail."""
    behind: tuple[Commit, ...] | None = None
    """The commits of the stage's documents since ``applied``, newest first; None where that is not known."""
    resting: tuple[str, ...] = ()
    """What stops automatic runs of the stage now: a `stop`, a suspension; also of one that is ready."""

    @property
    def ready(self) -> bool:
        """Whether the stage is as Git wants it, as far as its condition says."""
        return any(condition.type == "Ready" and condition.status == "True" for condition in self.conditions)

    @property
    def word(self) -> str:
        """The stage's state in a word."""
        true = [condition.type for condition in self.conditions if condition.status == "True"]
        if "Stalled" in true:
            return "Stalled"
        return "Ready" if self.ready else ("Reconciling" if "Reconciling" in true else "Not ready")


def status_json(stages: Iterable[StageStatus], watches: Iterable[Watch] = ()) -> str:
    """All of every stage, and how often each target can be watched."""
    return envelope(KIND, stages=tuple(stages), watch=tuple(watches))


def status_text(
    stages: Iterable[StageStatus], watches: Iterable[Watch] = (), *, width: int = 80, color: bool = False
) -> str:
    """A line per stage, and below it what a person should know."""
    sheet = Sheet(width, color=color)
    listed = tuple(stages)
    rows = [(status.stage, status.word, _revision(status)) for status in listed]
    widths = [max(cells(row[column]) for row in rows) for column in range(3)] if rows else []
    for status, (name, word, revision) in zip(listed, rows, strict=True):
        sheet.row(((name, "bold"), (word, _tone(status)), revision, _live(status)), widths)
        behind = _behind(status)
        if behind:
            sheet.line(("behind: ", "yellow"), behind, indent=4, hang=6)
        _below(sheet, status)
    if not listed:
        sheet.line("no stages")
    for watch in watches:
        sheet.line((watch_line(watch), "dim"))
    return sheet.text()


def _tone(status: StageStatus) -> Style:
    return "green" if status.ready else "red" if status.word == "Stalled" else "yellow"


def _behind(status: StageStatus) -> str:
    """What Git has that was not applied yet; "" where nothing of the stage's documents is new."""
    if not status.wanted or status.wanted == status.applied or status.behind == ():
        return ""
    if status.behind is None:
        return f"Git is at {short(status.wanted)}"
    newest, count = status.behind[0], len(status.behind)
    commits = "1 commit is" if count == 1 else f"{count} commits are"
    word = "" if count == 1 else "newest "
    return f"{commits} not applied yet, {word}{short(newest.id)} {newest.subject} by {newest.author}"


def _revision(status: StageStatus) -> str:
    if not status.applied:
        return "nothing applied yet"
    return f"at {short(status.applied)}"


def _live(status: StageStatus) -> str:
    """How many apps run with what was applied; "" where nothing was."""
    return f"live on {status.live} of {status.apps} apps" if status.apps and status.applied else ""


def _below(sheet: Sheet, status: StageStatus) -> None:
    for condition in status.conditions:
        is_bad = (condition.status == "True") == (condition.type == "Stalled") or condition.status == "Unknown"
        if is_bad and (condition.reason or condition.message):
            since = f", since {at_text(condition.since)}" if condition.since else ""
            text = ": ".join(part for part in (condition.reason, condition.message) if part)
            sheet.line((f"{condition.type} {condition.status}: ", "yellow"), f"{text}{since}", indent=4)
    named = (
        ("not live", status.not_live),
        ("pending", status.pending),
        ("held", status.held),
        ("drift", status.drift),
        ("automation", status.resting),
        ("expiry", status.expiring),
        ("credential", status.unread),
    )
    for word, items in named:
        for item in (", ".join(items),) if word == "not live" and items else items:
            sheet.line((f"{word}: ", "yellow"), item, indent=4)
    if status.problems:
        sheet.line((f"{counts_text(status.problems)}", "red"), "; stagemail validate names them", indent=4)
    sheet.line((_last(status), "dim"), indent=4)


def _last(status: StageStatus) -> str:
    run = status.last_run
    took = took_text(run.started, run.finished) if run else ""
    last = f"last run {at_text(run.started)} by {run.actor}: {STATUS[run.status]}" if run else "no run yet"
    read = (
        f"platform read {at_text(status.observed_at)}" if status.observed_at else "platform not read: from the record"
    )
    return f"{last}{f', took {took}' if took else ''}; {read}"

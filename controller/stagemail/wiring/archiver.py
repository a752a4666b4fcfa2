"""Copies the journal to its branch while the controller runs: soon after something happened, in a thread of its own.

Git that is away, or hangs, holds up nothing: the database has the events, and the next round goes on where the branch
ends. Not here: one round (``reconcile.archiving``), the branch (``archives``).
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from stagemail.errors import NeverAgain, StagemailError, UserMustFix
from stagemail.model.happening import Archived, Finished, Happening, Ticked
from stagemail.model.stopped import Stopped
from stagemail.reconcile.archiving import copy, waiting
from stagemail.reconcile.schedule import FIRST_PAUSE, LONGEST_PAUSE
from stagemail.record.journal_branch import JournalBranch
from stagemail.wiring.archives import archive_of
from stagemail.wiring.installation import Installation
from stagemail.wiring.process import Process

ANYWAY: Final = 600.0
"""Seconds after which it is looked whether others (a person's `apply`) wrote events."""

OTHER: Final = (
    "the database is not the one that was copied before, or an older copy of it: what the branch has stays, and the "
    "copy began anew behind it; `stagemail history --from-branch` lists both"
)


class Archiver:
    """Implements ``ports.Observer``. ``tell`` is told how each round went; it may come back as ``saw``."""

    def __init__(self, controlling: Process, tell: Callable[[Happening], None]) -> None:
        self._controlling = controlling
        self._clock = controlling.clock
        self._elsewhere = controlling.running.sharing is not None
        """Whether passes end in other processes, too: then a round of the loop is a reason to look."""
        self._tell = tell
        self._alarm = Event()
        self._stopped = False
        self._failures = 0
        self._since: float | None = None
        self._of: Installation | None = None
        self._archive: JournalBranch | None = None
        self._has_copied = False

    def saw(self, happening: Happening) -> None:
        """Something may have been recorded."""
        if isinstance(happening, Finished) or (self._elsewhere and isinstance(happening, Ticked)):
            self._alarm.set()

    def start(self) -> None:
        """Begin."""
        Thread(target=self._run, name="stagemail-journal", daemon=True).start()

    def stop(self) -> None:
        """End; a round that is under way is not waited for: the next start goes on where the branch ends."""
        self._stopped = True
        self._alarm.set()

    def _run(self) -> None:
        while not self._stopped:
            try:
                self._round()
                pause = self._pause()
                if pause:
                    self._clock.sleep(pause)
                else:
                    self._clock.pause(self._alarm, ANYWAY)
            except Stopped:
                return

    def _pause(self) -> float:
        """Seconds before the next round: so long that events are copied together, longer after each failure."""
        if self._failures:
            return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures - 1, 20)))
        journal = self._controlling.installation.operator.journal
        return float(journal.every) if journal is not None and self._has_copied else 0.0

    def _round(self) -> None:
        installation = self._controlling.installation
        journal = installation.operator.journal
        if journal is None or not self._controlling.leads:
            self._has_copied, self._failures, self._since = False, 0, None
            return
        now, events, error, refused = self._clock.monotonic(), 0, "", False
        try:
            if self._archive is None or self._of is not installation:
                self._of, self._archive = installation, archive_of(installation, self._controlling.secret)
            done = copy(self._controlling.running.record, self._archive)
            events = done.events
            if done.begun_anew:
                refused, error = True, OTHER
        except StagemailError as problem:
            error, refused = problem.sentence, isinstance(problem, NeverAgain | UserMustFix)
        except Exception as problem:  # noqa: BLE001 - copying is never the reason that mail is not looked after
            error = f"a defect of stagemail: {type(problem).__name__}"
        self._failures = self._failures + 1 if error and not events else 0
        left = self._left(journal.branch) if error else 0
        self._since = None if not left else self._since if self._since is not None else now
        self._has_copied = bool(events)
        if events or error:
            late = now - self._since if self._since is not None else 0.0
            self._tell(Archived(self._clock.now(), journal.branch, events, left, late, error, refused))

    def _left(self, branch: str) -> int:
        try:
            return waiting(self._controlling.running.record, branch)
        except StagemailError:
            return 0

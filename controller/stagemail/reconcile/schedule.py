"""When which stage or source is due: woken, at its interval, or after a pause that grows with each failure.

Pure but for its own memory; time and randomness are arguments. Not here: doing it (``loop``), who does it
(``dispatch``).
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 900.0
"""Seconds after the first failure, doubled with each one, and at most."""
SPREAD = 0.2
"""Share of an interval by which it may be shorter, so that not everything is due at the same time."""

Random = Callable[[], float]
"""A number from 0 (included) to 1 (not included)."""


@dataclass(slots=True)
class _Due:
    at: float
    reason: str
    failures: int = 0
    again: str = ""
    """A reason that came while it was being done: it is due once more when that ends."""
    taken: bool = False


class Schedule:
    """Names with the moment at which each is due, in seconds of a clock that never goes back."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._due: dict[str, _Due] = {}
        self._heap: list[tuple[float, str]] = []

    def add(self, name: str, at: float, reason: str) -> None:
        """A name that is due then; one that is known keeps what it has."""
        if name not in self._due:
            self._due[name] = _Due(at, reason)
            heapq.heappush(self._heap, (at, name))

    def keep_only(self, names: frozenset[str]) -> None:
        """Forget all others."""
        for name in self._due.keys() - names:
            del self._due[name]

    def wake(self, name: str, now: float, reason: str) -> None:
        """Have it due now; while it is being done, once more after that."""
        due = self._due.get(name)
        if due is None:
            return
        if due.taken:
            due.again = reason
        elif due.at > now:
            self._put(name, due, now, reason)

    def take(self, now: float) -> list[tuple[str, str]]:
        """What is due, with its reason, the longest due first. Each stays out until ``done``."""
        found: list[tuple[str, str]] = []
        while self._heap and self._heap[0][0] <= now:
            at, name = heapq.heappop(self._heap)
            due = self._due.get(name)
            if due is not None and due.at == at and not due.taken:
                due.taken = True
                found.append((name, due.reason))
        return found

    def done(
        self, name: str, now: float, interval: float, *, failed: bool = False, at_most: float = 0.0, ahead: float = 0.0
    ) -> float:
        """It was done; gives the seconds until it is due again.

        ``ahead``: by how many seconds it is due before the interval's end at the latest, since it may have to wait.
        ``at_most``: not later than that, where it is not 0 (a window opens, a soak ends); after a failure not earlier
        (the platform said when).
        """
        due = self._due.get(name)
        if due is None:
            return interval
        due.failures = due.failures + 1 if failed else 0
        if not due.taken and due.at <= now:
            return 0.0  # it was woken since it was handed out
        pause = self._pause(due.failures) if failed else self._within(interval, ahead)
        reason = "retry" if failed else "interval"
        if failed and at_most > 0:
            pause = max(pause, at_most)
        elif 0 < at_most < pause:
            pause, reason = at_most, "moment"
        if due.again:
            pause, reason = 0.0, due.again
        due.taken, due.again = False, ""
        self._put(name, due, now + pause, reason)
        return pause

    def handed_out(self, name: str, now: float, interval: float) -> None:
        """It is done by others: due again after the interval, unless ``done`` or ``wake`` say otherwise before."""
        due = self._due.get(name)
        if due is not None:
            woken, due.taken, due.again = due.again, False, ""
            pause = 0.0 if woken else interval * (1 - SPREAD * self._random())
            self._put(name, due, now + pause, woken or "interval")

    def next_at(self) -> float | None:
        """When the next name is due; None where nothing waits."""
        while self._heap:
            at, name = self._heap[0]
            due = self._due.get(name)
            if due is not None and due.at == at and not due.taken:
                return at
            heapq.heappop(self._heap)
        return None

    def _within(self, interval: float, ahead: float) -> float:
        return min(interval * (1 - SPREAD * self._random()), max(interval - ahead, interval / 2))

    def _pause(self, failures: int) -> float:
        longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 20))
        return longest * (0.5 + 0.5 * self._random())

    def _put(self, name: str, due: _Due, at: float, reason: str) -> None:
        due.at, due.reason = at, reason
        heapq.heappush(self._heap, (at, name))

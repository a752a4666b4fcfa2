"""Who was told what, as far as this process saw it: what everybody who wants it was told is told no more.

The record keeps what is still to be told (``Standing.untold`` and ``turns``), the leases what was told, over all hosts;
this is how the one learns from the other. Not here: telling (``notifying``), taking it off the record (``automatic``).
"""

from collections.abc import Iterable
from threading import Lock

from stagemail.model.standing import Turn


def of_run(run: str) -> str:
    """What the end of a run is called."""
    return f"run/{run}"


def of_turn(stage: str, turn: Turn) -> str:
    """What a turn of a stage is called."""
    return f"{stage}|{turn.wanted}|{turn.what}"


class Receipts:
    """Thread-safe. ``what`` is named by the functions above, ``who`` is a subscription."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted: dict[str, frozenset[str]] = {}
        self._told: set[tuple[str, str]] = set()
        self._under_way: set[tuple[str, str]] = set()
        self._busy: dict[tuple[str, str], float] = {}

    def offer(self, what: str, who: Iterable[str]) -> tuple[str, ...]:
        """They want to be told; gives those to whom it is to be carried now, sorted. Each must be ``carried``."""
        with self._lock:
            self._wanted[what] = frozenset(who)
            pairs = {(what, name) for name in self._wanted[what]} - self._told - self._under_way
            self._under_way |= pairs
            return tuple(sorted(name for _, name in pairs))

    def told(self, what: str, who: str) -> None:
        """It was taken."""
        with self._lock:
            self._told.add((what, who))

    def busy(self, what: str, who: str, now: float, claim: float) -> None:
        """Somebody else has told it or is at it: longer than a claim can last, and it was told. ``now``: monotonic."""
        with self._lock:
            first = self._busy.setdefault((what, who), now)
            if now - first > claim:
                self._told.add((what, who))

    def carried(self, what: str, who: str) -> None:
        """Nobody carries it any more, whatever came of it."""
        with self._lock:
            self._under_way.discard((what, who))

    def is_told(self, what: str) -> bool:
        """Whether everybody was told who wants to be. False for what was never offered."""
        with self._lock:
            wanted = self._wanted.get(what)
            return wanted is not None and all((what, name) in self._told for name in wanted)

    def forget(self, what: str) -> None:
        """The record no longer has it."""
        with self._lock:
            for name in self._wanted.pop(what, frozenset()):
                self._told.discard((what, name))
                self._busy.pop((what, name), None)

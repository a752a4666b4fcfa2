"""How much of a platform's limits is used: what the metrics show, and the port where processes count it together.

Not here: which limits there are (``target``).
"""

from typing import Protocol

from stagemail.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """One API domain of one organization.

    ``allowed``: our share of the published limit in its window (a minute on ODC), ``used``: of that in the window that
    ends now. ``calls`` and ``errors`` (by kind) count since the process began.
    """

    domain: str
    allowed: int
    used: int
    calls: int
    errors: tuple[tuple[str, int], ...] = ()


class Spent(Protocol):
    """What was taken of platforms' limits, by all processes that share it."""

    def take(self, name: str, limit: int, window: int) -> int:
        """Take one of ``limit`` places in a window of so many milliseconds: 0, or the milliseconds until one is free.

        Raises Unreachable: without the count nothing may be sent.
        """

    def used(self, name: str, limit: int, window: int) -> int:
        """How many places are taken now."""

"""What was taken before, so that a delivery counts once. Bounded in number and time; only verified ones get in.

Forgotten by a restart: a replay costs one look at Git, nothing more. Not here: verifying (``hooks``).
"""

from collections import OrderedDict
from typing import Final

MOST: Final = 20_000
SECONDS: Final = 7 * 86_400.0
"""How long a delivery is remembered; Git hosts keep deliveries for a few days."""


class Seen:
    """Digests of deliveries, oldest first. For one thread."""

    def __init__(self, most: int = MOST, seconds: float = SECONDS) -> None:
        self._most = most
        self._seconds = seconds
        self._kept: OrderedDict[bytes, float] = OrderedDict()

    def first(self, digest: bytes, now: float) -> bool:
        """Remember it; False where it is known already."""
        while self._kept and next(iter(self._kept.values())) < now - self._seconds:
            self._kept.popitem(last=False)
        if digest in self._kept:
            return False
        if len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        self._kept[digest] = now
        return True

"""How long the passes of an organization's stages take: they are one after the other, so each may have to wait.

Not here: when a stage is due (``schedule``), who does passes in which order (``dispatch``).
"""

from collections.abc import Iterable
from typing import Final

from stagemail.model.news import News
from stagemail.reconcile.schedule import SPREAD
from stagemail.reconcile.setup import Followed

MOST_AHEAD: Final = 0.4
"""Share of an interval by which a stage is due before its end at most, so that it may wait for others."""


class Pace:
    """Of each organization, how long the last passes of its stages took together, in seconds. Not thread-safe."""

    def __init__(self, stages: Iterable[Followed]) -> None:
        self._unknown: dict[str, int] = {}
        """By organization, how many stages had no pass yet: each is taken to need as long as the one before."""
        for followed in stages:
            self._unknown[followed.key] = self._unknown.get(followed.key, 0) + 1
        self._took: dict[str, float] = {}
        self._together: dict[str, float] = {}

    def rest(self, followed: Followed, news: News) -> tuple[float, float]:
        """After a pass: the seconds until the stage's next one, and how much earlier it is due, since it may wait.

        An interval is from the beginning of a look to the end of the next one. Before that may come a pass of each
        other stage of its organization. So where none takes longer than it did last, and all together no longer than
        ``MOST_AHEAD`` of the interval, what is changed right behind a look is seen within the interval. Never more
        often than the platform's limits allow.
        """
        allowed = news.at_least / (1 - SPREAD)
        interval = max(followed.interval, allowed)
        ahead = min(self._noted(followed, news.seconds), interval - allowed, interval * MOST_AHEAD)
        return max(interval - news.seconds, interval * SPREAD), ahead

    def _noted(self, followed: Followed, seconds: float) -> float:
        """What all of its organization take, this pass counted."""
        key, stage = followed.key, followed.stage
        if stage not in self._took:
            self._unknown[key] = self._unknown.get(key, 1) - 1
        self._together[key] = max(0.0, self._together.get(key, 0.0) + seconds - self._took.get(stage, 0.0))
        self._took[stage] = seconds
        return self._together[key] + self._unknown[key] * seconds

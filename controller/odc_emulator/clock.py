"""Emulated time: runs N times as fast as the wall clock and can be moved forward.

Token lifetimes, operation durations, rate windows and every timestamp read this clock. Not its job: delays of answers,
which are wall time because a client waits for them with its own clock.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime


class EmulatedClock:
    """Seconds since the epoch in emulated time; `speed` emulated seconds pass per wall second."""

    def __init__(self, speed: float = 1.0, start: float | None = None, wall: Callable[[], float] = time.time) -> None:
        if speed <= 0:
            message = f"clock speed {speed} is not positive: give how many emulated seconds pass per second, e.g. 100"
            raise ValueError(message)
        self.speed = speed
        self._wall = wall
        self._wall_base = wall()
        self._base = self._wall_base if start is None else start

    def now(self) -> float:
        """The emulated time as seconds since the epoch."""
        return self._base + (self._wall() - self._wall_base) * self.speed

    def advance(self, seconds: float) -> float:
        """Move forward by `seconds` of emulated time and return the new time; time never runs backwards."""
        if seconds < 0:
            message = f"cannot advance by {seconds} seconds: emulated time never runs backwards"
            raise ValueError(message)
        self._base += seconds
        return self.now()

    def saved(self) -> dict[str, float]:
        """What a restart needs to go on: emulated time, the wall time it belongs to, and the speed."""
        return {"emulated": self.now(), "wall": self._wall(), "speed": self.speed}

    @classmethod
    def resumed(cls, saved: dict[str, float], speed: float, wall: Callable[[], float] = time.time) -> "EmulatedClock":
        """Go on from `saved`; the time the process was down has passed in the emulated world too."""
        elapsed = max(0.0, wall() - saved["wall"])
        return cls(speed, saved["emulated"] + elapsed * saved["speed"], wall)


def timestamp(moment: float) -> str:
    """RFC 3339 in UTC with milliseconds, the way the API's `date-time` fields are written."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""The clock of this machine, and one that runs faster together with an emulated platform.

Not here: anybody else's use of time; every use case takes a ``Clock``.
"""

import time
from datetime import UTC, datetime, timedelta

SPEED_VARIABLE = "STAGEMAIL_CLOCK_SPEED"
"""How many seconds pass for stagemail in one second of the machine; for demonstrations beside an emulator only."""


class SystemClock:
    """This machine's clock, ``speed`` times as fast from the moment it was made."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._start = time.monotonic()
        self._began = datetime.now(UTC)

    def now(self) -> datetime:
        """The time of day in UTC."""
        if self._speed == 1.0:
            return datetime.now(UTC)
        return self._began + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return (time.monotonic() - self._start) * self._speed

    def sleep(self, seconds: float) -> None:
        """Wait, by this clock."""
        time.sleep(max(0.0, seconds) / self._speed)

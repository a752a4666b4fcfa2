"""Emulated time for tests: as fast as the emulator's, and together with it."""

import time
from datetime import UTC, datetime, timedelta


class ScaledClock:
    """Starts at the emulator's time; ``speed`` seconds of it pass in one real second."""

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._zero = time.monotonic()

    def now(self) -> datetime:
        return (self._start + timedelta(seconds=self.monotonic())).astimezone(UTC)

    def monotonic(self) -> float:
        return (time.monotonic() - self._zero) * self._speed

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)

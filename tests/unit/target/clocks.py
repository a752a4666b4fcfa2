"""A clock that tests drive: sleeping moves it."""

import threading
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Starts at a fixed moment; ``sleep`` returns at once and lets that much time pass."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._elapsed += seconds

"""A clock for tests that need no other than the time of day."""

import time
from datetime import UTC, datetime


class WallClock:
    """Implements ``ports.Clock``."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

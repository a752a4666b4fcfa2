"""The clock of this machine, and one that runs faster together with an emulated platform.

Not here: anybody else's use of time; every use case takes a ``Clock``.
"""

import time
from datetime import UTC, datetime, timedelta
from threading import Event

from stagemail.errors import UsageError

SPEED_VARIABLE = "STAGEMAIL_CLOCK_SPEED"
"""``60``, or ``60@2026-11-22T10:00:00Z``: seconds that pass for stagemail in one second of the machine, counted from
that moment, so that all processes of a demonstration have one time. Beside an emulator only."""


class SystemClock:
    """This machine's clock, ``speed`` times as fast since ``since`` (default: since it was made).

    ``speed``: seconds of it in one second of the machine.
    """

    def __init__(self, speed: float = 1.0, since: datetime | None = None) -> None:
        self.speed = speed
        self._start = time.monotonic()
        made = datetime.now(UTC)
        begin = since or made
        self._began = begin + (made - begin) * speed

    def now(self) -> datetime:
        """The time of day in UTC."""
        if self.speed == 1.0:
            return datetime.now(UTC)
        return self._began + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return (time.monotonic() - self._start) * self.speed

    def sleep(self, seconds: float) -> None:
        """Wait, by this clock."""
        time.sleep(max(0.0, seconds) / self.speed)

    def wait(self, event: Event, seconds: float) -> bool:
        """Wait for an event, so many seconds by this clock at most; whether it came."""
        return event.wait(max(0.0, seconds) / self.speed)


def clock_from(text: str) -> SystemClock:
    """The clock that the variable asks for. Raises UsageError."""
    speed_text, _, since_text = text.partition("@")
    try:
        speed = float(speed_text)
        since = datetime.fromisoformat(since_text) if since_text else None
    except ValueError:
        speed, since = 0.0, None
    if not 1.0 <= speed <= 1000.0 or (since is not None and since.tzinfo is None):
        raise UsageError(f"{SPEED_VARIABLE} is {text!r}", hint="a number from 1 to 1000, or leave it out")
    return SystemClock(speed, since)


def speed_of(clock: object) -> float:
    """How fast a clock runs beside the machine's; 1 where it does not say."""
    return float(getattr(clock, "speed", 1.0))

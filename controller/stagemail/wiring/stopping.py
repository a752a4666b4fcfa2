"""A clock whose sleep ends when the process is told to stop: a pass that waits for the platform is given up in order.

Not here: signals (``cli``), what a pass does when it is given up (``reconcile.once`` records it as interrupted).
"""

from datetime import datetime
from threading import Event

from stagemail.model.stopped import Stopped
from stagemail.wiring.clock import SystemClock


class StoppingClock:
    """Implements ``ports.Clock`` by this machine's."""

    def __init__(self, clock: SystemClock, stopped: Event) -> None:
        self._clock = clock
        self._stopped = stopped

    @property
    def speed(self) -> float:
        """See ``SystemClock.speed``."""
        return self._clock.speed

    def now(self) -> datetime:
        """See ``ports.Clock.now``."""
        return self._clock.now()

    def monotonic(self) -> float:
        """See ``ports.Clock.monotonic``."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """See ``ports.Clock.sleep``. Raises Stopped as soon as the process is to stop."""
        if self._clock.wait(self._stopped, seconds):
            raise Stopped

    def pause(self, alarm: Event, seconds: float) -> None:
        """Wait for an alarm, so long at most, and take it back."""
        self._clock.wait(alarm, seconds)
        alarm.clear()

"""Carries messages away from the loop: in a bounded executor, tried a few times, and never a reason to stop.

Not here: what is carried (``notifying``, ``stating``).
"""

from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock
from typing import Final

from stagemail.errors import StagemailError, TryLater
from stagemail.ports import Clock

PAUSES: Final = (2.0, 15.0, 60.0)
"""Seconds between tries."""
MOST_WAITING: Final = 500
"""Messages that wait at most; one more is dropped, and that is said."""


class Courier:
    """``complain`` takes one sentence for the log. ``executor`` None carries at once, in the caller's thread."""

    def __init__(self, clock: Clock, complain: Callable[[str], None], executor: Executor | None) -> None:
        self._clock = clock
        self._complain = complain
        self._executor = executor
        self._lock = Lock()
        self._waiting = 0

    def carry(self, what: str, work: Callable[[], None]) -> bool:
        """Have the work done; ``what`` names it where it is dropped or fails. False where it was dropped."""
        with self._lock:
            is_full = self._waiting >= MOST_WAITING
            self._waiting += not is_full
        if is_full:
            self._complain(f"{what} was dropped: {MOST_WAITING} others wait already")
        elif self._executor is None:
            self._carry(what, work)
        else:
            try:
                self._executor.submit(self._carry, what, work)
            except RuntimeError:  # it is shut down: the controller is ending
                self._carried()
                return False
        return not is_full

    def tried(self, what: str, deliver: Callable[[], None]) -> bool:
        """Deliver, with some tries while it says ``TryLater``. False where it could not be, which was said."""
        for pause in (*PAUSES, None):
            try:
                deliver()
            except TryLater as error:
                if pause is None:
                    self._complain(f"{what}: {error.sentence}")
                    return False
                self._clock.sleep(pause)
            except StagemailError as error:
                self._complain(f"{what}: {error.sentence}")
                return False
            else:
                return True
        return False

    def _carry(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except StagemailError as error:
            self._complain(f"{what}: {error.sentence}")
        except Exception as error:  # noqa: BLE001 - telling is never the reason that mail is not looked after
            self._complain(f"{what}: {type(error).__name__}")
        finally:
            self._carried()

    def _carried(self) -> None:
        with self._lock:
            self._waiting -= 1

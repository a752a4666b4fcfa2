"""Ctrl-C and SIGTERM as exceptions that never tear what must be done whole, such as a transaction of the record.

Python raises what a signal handler raises wherever the program is, also between the statement that begins a
transaction and the one that would end it: the database then waits for itself. Not here: words and exit codes
(``main``).
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """SIGTERM arrived; what is under way is recorded on the way out."""


class Interrupts:
    """The signals of this process while a command runs."""

    def __init__(self) -> None:
        self._depth = 0
        self.begun = False
        """Whether a run was recorded, so that something may be under way."""
        self._waiting: type[BaseException] | None = None

    def install(self) -> None:
        """Handle SIGINT and SIGTERM from now on. Only the main thread may call this."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._arrived)

    def note_begun(self) -> None:
        """Something is recorded from now on: a run began."""
        self.begun = True

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """What arrives in here is raised when it is done. Other threads are never interrupted and need no care."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            stop = self._waiting
            if stop is not None and self._depth == 0:
                self._waiting = None
                raise stop

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        stop = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        if self._depth:
            self._waiting = stop
        else:
            raise stop

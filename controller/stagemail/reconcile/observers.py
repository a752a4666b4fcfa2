"""Tells every observer what happens, whichever of them fails.

Not here: what they do with it.
"""

from collections.abc import Sequence
from contextlib import suppress

from stagemail.model.happening import Happening, Troubled
from stagemail.ports import Clock, Observer


class Observers:
    """All who are told. An observer is never the reason that mail is not looked after."""

    def __init__(self, observers: Sequence[Observer], clock: Clock) -> None:
        self._observers = tuple(observers)
        self._clock = clock

    def tell(self, happening: Happening) -> None:
        """Tell all of them."""
        for observer in self._observers:
            try:
                observer.saw(happening)
            except Exception as error:  # noqa: BLE001 - see above
                self._complain(observer, error)

    def trouble(self, where: str, message: str) -> None:
        """Tell them that something of ours went wrong."""
        self.tell(Troubled(self._clock.now(), where, message))

    def relief(self, where: str, message: str) -> None:
        """Tell them that it is over."""
        self.tell(Troubled(self._clock.now(), where, message, is_over=True))

    def _complain(self, of: Observer, error: Exception) -> None:
        said = Troubled(self._clock.now(), type(of).__name__, f"an observer failed: {type(error).__name__}")
        for observer in self._observers:
            if observer is not of:
                with suppress(Exception):
                    observer.saw(said)

"""Keeps notices in memory: the reference of ``ports.Notifier``, for tests and demonstrations."""

from collections.abc import Iterable

from stagemail.errors import StagemailError
from stagemail.model.notice import Notice


class MemoryNotifier:
    """``failures`` are raised by the next sends, in order, before anything is kept."""

    def __init__(self, failures: Iterable[StagemailError] = ()) -> None:
        self.sent: list[Notice] = []
        self._failures = list(failures)

    def send(self, notice: Notice) -> None:
        """Keep it."""
        if self._failures:
            raise self._failures.pop(0)
        self.sent.append(notice)

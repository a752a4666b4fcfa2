"""The dispatcher of a controller: it looks at its sources by itself, and stages never wait for a place of theirs.

Not here: the two dispatchers that it is made of.
"""

import time
from collections.abc import Callable
from typing import Final

from stagemail.model.job import Depth, Job
from stagemail.ports import Dispatcher

LOOK: Final = 2.0
"""Seconds that a stop leaves a look: it keeps nothing that could be lost, and a server that hangs lets none end."""


class SplitDispatcher:
    """Implements ``ports.Dispatcher``: looks are done in this process, by ``work``; stages by whoever is free."""

    def __init__(self, looks: Dispatcher, stages: Dispatcher) -> None:
        self._looks = looks
        self._stages = stages

    def serve(self, work: Callable[[Job], None]) -> None:
        """See ``ports.Dispatcher.serve``: of looks. Who does the stages says so itself."""
        self._looks.serve(work)

    def submit(self, job: Job) -> bool:
        """See ``ports.Dispatcher.submit``."""
        return (self._looks if job.kind == "look" else self._stages).submit(job)

    def is_due(self, name: str, seconds: float) -> bool:
        """See ``ports.Dispatcher.is_due``: of looks by this process, of stages by all."""
        return (self._looks if name.startswith("look:") else self._stages).is_due(name, seconds)

    def depth(self) -> Depth:
        """See ``ports.Dispatcher.depth``: of both together."""
        mine, all_ = self._looks.depth(), self._stages.depth()
        return Depth(mine.waiting + all_.waiting, mine.running + all_.running)

    def stop(self, seconds: float) -> bool:
        """See ``ports.Dispatcher.stop``; both are stopped before either is waited for."""
        begun = time.monotonic()
        self._looks.stop(0.0)
        ended = self._stages.stop(seconds)
        return self._looks.stop(max(0.0, begun + min(seconds, LOOK) - time.monotonic())) and ended

"""The dispatcher of one process: a queue, threads that the caller bounds, and one job of a key at a time.

Not here: what a job does (``reconcile.loop``), when it is due (``reconcile.schedule``).
"""

from collections.abc import Callable
from threading import Condition

from stagemail.model.job import Depth, Job
from stagemail.ports import Clock

Start = Callable[[Callable[[], None]], None]
"""Begins to run something beside the caller, or runs it at once."""


class InProcessDispatcher:
    """Implements ``ports.Dispatcher``. ``start`` begins a worker; at most ``workers`` work at the same time.

    Jobs are done in the order in which they came, except that one waits while another of its key is done. A job that is
    submitted while its like is being done is done once more after it.
    """

    def __init__(self, start: Start, workers: int, clock: Clock) -> None:
        self._start = start
        self._workers = workers
        self._clock = clock
        self._changed = Condition()
        self._waiting: dict[str, Job] = {}
        self._running: dict[str, Job] = {}
        """By key of serialisation."""
        self._busy = 0
        self._periods: dict[str, float] = {}
        self._work: Callable[[Job], None] | None = None
        self._stopped = False

    def serve(self, work: Callable[[Job], None]) -> None:
        """See ``ports.Dispatcher.serve``."""
        with self._changed:
            self._work = work
        self._staff()

    def submit(self, job: Job) -> bool:
        """See ``ports.Dispatcher.submit``."""
        with self._changed:
            if self._stopped or job.id in self._waiting:
                return False
            self._waiting[job.id] = job
        self._staff()
        return True

    def is_due(self, name: str, seconds: float) -> bool:
        """See ``ports.Dispatcher.is_due``."""
        with self._changed:
            now = self._clock.monotonic()
            last = self._periods.get(name)
            if last is not None and now - last < seconds:
                return False
            self._periods[name] = now
            return True

    def depth(self) -> Depth:
        """See ``ports.Dispatcher.depth``."""
        with self._changed:
            return Depth(len(self._waiting), len(self._running))

    def stop(self, seconds: float) -> bool:
        """See ``ports.Dispatcher.stop``; what waits is forgotten: the next start finds out by looking."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            return self._changed.wait_for(lambda: not self._running, timeout=seconds)

    def _staff(self) -> None:
        """Begin a worker where there is something that may be done and not all of them work."""
        with self._changed:
            if self._work is None or self._busy >= self._workers or self._next() is None:
                return
            self._busy += 1
        self._start(self._labour)

    def _labour(self) -> None:
        """Do jobs until none may be done."""
        while (taken := self._take()) is not None:
            job, work = taken
            self._staff()
            try:
                work(job)
            except BaseException:
                with self._changed:
                    self._busy -= 1
                raise
            finally:
                with self._changed:
                    del self._running[job.key]
                    self._changed.notify_all()

    def _take(self) -> tuple[Job, Callable[[Job], None]] | None:
        """The next job that may be done; the worker that gets none is at its end."""
        with self._changed:
            job = None if self._stopped else self._next()
            if job is None or self._work is None:
                self._busy -= 1
                return None
            del self._waiting[job.id]
            self._running[job.key] = job
            return job, self._work

    def _next(self) -> Job | None:
        return next((job for job in self._waiting.values() if job.key not in self._running), None)

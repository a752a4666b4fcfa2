"""The dispatcher of many hosts: jobs wait in PostgreSQL, and whichever worker is free does them, by procrastinate.

One job of a key runs at a time over all hosts (``lock``), and one of a name waits (``queueing_lock``). A job that is
submitted while its like is being done is done once more after it. Not here: the thread that does them (``engine``).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from threading import Condition
from typing import Final, Literal

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from stagemail.dispatch.engine import TASK, Engine
from stagemail.dispatch.jobs_database import QUEUE, JobsDatabase, refusal
from stagemail.errors import StagemailError, Unreachable
from stagemail.model.job import Depth, Job

BEAT: Final = 4.0
SILENCE: Final = 16.0
"""Seconds between two signs of life, and after which a worker that gave none is dead: with the look for such, a killed
worker's stage is taken over within 24 s, and a pause of four beats costs nobody anything."""

_DUE: Final = """INSERT INTO periods (name, begun) VALUES (%(name)s, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET begun = excluded.begun
WHERE periods.begun <= excluded.begun - make_interval(secs => %(seconds)s) RETURNING name"""
_DEPTH: Final = """SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing')
FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"""


class ProcrastinateDispatcher:
    """Implements ``ports.Dispatcher``. ``workers``: jobs that this process does at a time.

    ``speed``: seconds of our clock in one second of the database's (beside an emulator another than 1). Methods raise
    Unreachable while the database is away; jobs that wait in it stay there.
    """

    def __init__(
        self, database: JobsDatabase, workers: int, *, speed: float = 1.0, beat: float = BEAT, silence: float = SILENCE
    ) -> None:
        self._database = database
        self._workers = workers
        self._speed = speed
        self._beat, self._silence = beat, silence
        self._app = App(connector=SyncPsycopgConnector())
        self._changed = Condition()
        self._running: dict[str, Job] = {}
        self._stopped = False
        self._work: Callable[[Job], None] | None = None
        self._engine: Engine | None = None

    def serve(self, work: Callable[[Job], None]) -> None:
        """See ``ports.Dispatcher.serve``."""
        with self._changed:
            self._work = work
            if self._engine is None and not self._stopped:
                self._engine = Engine(
                    self._database, self._workers, self._perform, beat=self._beat, silence=self._silence
                )
                self._engine.start()

    def submit(self, job: Job) -> bool:
        """See ``ports.Dispatcher.submit``. Raises Unreachable."""
        with self._changed:
            if self._stopped:
                return False
        return self._queue(job)

    def is_due(self, name: str, seconds: float) -> bool:
        """See ``ports.Dispatcher.is_due``; the time is the database's."""
        return bool(self._database.rows(_DUE, {"name": name, "seconds": seconds / self._speed}))

    def depth(self) -> Depth:
        """See ``ports.Dispatcher.depth``; of all hosts."""
        ((waiting, running),) = self._database.rows(_DEPTH)
        return Depth(int(waiting), int(running))

    def stop(self, seconds: float) -> bool:
        """See ``ports.Dispatcher.stop``; what waits is left to other workers, and so is what the stop cut short."""
        with self._changed:
            self._stopped = True
            engine = self._engine
            if engine is not None:
                engine.stop()
            idle = self._changed.wait_for(lambda: not self._running, timeout=seconds)
        if idle and engine is not None:
            engine.join(1.0)
        return idle

    @property
    def busy(self) -> int:
        """How many jobs this process does now."""
        return len(self._running)

    def _queue(self, job: Job) -> bool:
        self._database.prepare()
        self._app.open(self._database.pool)
        task = self._app.configure_task(TASK, queue=QUEUE, lock=job.key, queueing_lock=job.id)
        try:
            task.defer(**asdict(job))
        except AlreadyEnqueued:
            return False
        except ConnectorException as error:
            cause = error.__cause__
            raise (refusal(cause) if isinstance(cause, Exception) else Unreachable("PostgreSQL is away")) from None
        return True

    def _perform(self, arguments: Mapping[str, str]) -> None:
        """Do one job; where a stop may have cut it short, have it done once more by others."""
        kind: Literal["look", "reconcile"] = "look" if arguments["kind"] == "look" else "reconcile"
        job = Job(kind, arguments["name"], arguments["key"], arguments["reason"])
        with self._changed:
            work = self._work
            self._running[job.key] = job
        try:
            if work is not None and not self._stopped:
                work(job)
        finally:
            if self._stopped:
                self._leave(job)
            with self._changed:
                del self._running[job.key]
                self._changed.notify_all()

    def _leave(self, job: Job) -> None:
        try:
            self._queue(job)
        except StagemailError:  # the database is away; the controller asks for the stage again at its interval
            return

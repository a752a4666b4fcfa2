"""procrastinate in a thread of its own: takes jobs from PostgreSQL and does them in as many threads as it is given.

It begins again by itself when the database was away. A job whose worker fell silent is given to others: its like is
queued, and the dead one ends as failed (never retried: where its like waits already, a retry would be refused).
Not here: who may submit what (``by_procrastinate``). Source: procrastinate "Retry stalled jobs", "Locks".
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread
from typing import Any, Final, Self

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job as Queued
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from psycopg import AsyncConnection, OperationalError

from stagemail.dispatch.jobs_database import QUEUE, JobsDatabase

TASK: Final = "stagemail"
POLL: Final = 1.0
"""Seconds between two looks for jobs: a notification that comes while procrastinate looks is lost to it."""
FORGOTTEN: Final = 3600.0
"""Seconds after which a silent worker's row is removed; its jobs are given to others long before."""
AGAIN: Final = 2.0
"""Seconds between two tries to reach the database."""
KEPT_HOURS: Final = 24
"""Hours for which jobs that ended as failed are kept; all others are removed when they end."""
PRUNE: Final = 600.0


class Engine(Thread):
    """One process's part in the work. ``beat``: seconds between heartbeats; ``silence``: after which a worker is dead.

    ``perform`` does a job and raises nothing.
    """

    def __init__(
        self,
        database: JobsDatabase,
        workers: int,
        perform: Callable[[Mapping[str, str]], None],
        *,
        beat: float,
        silence: float,
    ) -> None:
        super().__init__(name="stagemail-jobs", daemon=True)
        for name in ("procrastinate", "psycopg.pool"):  # what they say of a database that is away, we say once
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._database = database
        self._workers = workers
        self._perform = perform
        self._beat, self._silence = beat, silence
        self._stopping = Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        with suppress(asyncio.CancelledError):
            asyncio.run(self._main())

    def stop(self) -> None:
        """Begin nothing more. From any thread; what is being done goes on."""
        self._stopping.set()
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._serving is not None:
            self._serving.cancel()

    async def _main(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, _context: None)  # the end of a job that was given to others, mostly
        loop.set_default_executor(ThreadPoolExecutor(self._workers, thread_name_prefix="stagemail-worker"))
        while not self._stopping.is_set():
            self._serving = loop.create_task(self._serve())
            if self._stopping.is_set():
                self._serving.cancel()
            with suppress(asyncio.CancelledError, Exception):  # the database is away: the next turn finds out
                await self._serving
            for _ in range(10):
                if not self._stopping.is_set():
                    await asyncio.sleep(AGAIN / 10)

    async def _serve(self) -> None:
        await asyncio.to_thread(self._database.prepare)
        app = App(
            connector=PsycopgConnector(
                conninfo=self._database.address, kwargs=self._database.settings, min_size=1, max_size=3, timeout=10.0,
                num_workers=1, connection_class=Connection,
            )
        )  # fmt: skip
        perform = self._perform

        def done(**arguments: str) -> None:
            perform(arguments)

        app.job_manager = _Lasting(app.connector, self._stopping)
        app.task(name=TASK, queue=QUEUE)(done)
        async with app.open_async():
            rescue = asyncio.create_task(self._rescue(app))
            try:
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._workers,
                    fetch_job_polling_interval=POLL,
                    abort_job_polling_interval=FORGOTTEN,
                    update_heartbeat_interval=self._beat,
                    stalled_worker_timeout=FORGOTTEN,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            finally:
                rescue.cancel()

    async def _rescue(self, app: App) -> None:
        """Every beat, give the jobs of dead workers to others. Who was just connected judges nobody yet."""
        loop = asyncio.get_running_loop()
        connected, pruned = loop.time(), loop.time()
        while True:
            before = loop.time()
            await asyncio.sleep(self._beat)
            try:
                if loop.time() - before > 2 * self._beat:  # we were paused ourselves: others could not be seen
                    connected = loop.time()
                if loop.time() - connected >= self._silence:
                    await self._give_to_others(app)
                if loop.time() - pruned >= PRUNE:
                    pruned = loop.time()
                    await app.job_manager.delete_old_jobs(KEPT_HOURS, queue=QUEUE, include_failed=True)
                await app.check_connection_async()
            except ConnectorException:  # the database is away: when it is back, all have to show themselves anew
                connected = loop.time()

    async def _give_to_others(self, app: App) -> None:
        for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self._silence):
            with suppress(AlreadyEnqueued):
                await _like(app, job).defer_async(**job.task_kwargs)
            with suppress(ConnectorException):  # another worker was quicker
                await JobManager.finish_job(app.job_manager, job, Status.FAILED, delete_job=False)


class Connection(AsyncConnection[Any]):
    """One whose log-in, where it is cancelled, is given up at once.

    procrastinate cancels what listens when the database goes away, often while it connects anew. The traceback would
    keep that half-begun log-in open until Python looks for cycles, and a server that stops in order waits for it.
    """

    @classmethod
    async def connect(cls, conninfo: str = "", **named: Any) -> Self:
        """See ``AsyncConnection.connect``."""
        try:
            return await super().connect(conninfo, **named)
        except asyncio.CancelledError as cancelled:
            raise cancelled.with_traceback(None) from None  # its frames hold what connects


class _Lasting(JobManager):
    """Says that a job has ended until the database hears it: procrastinate says it once.

    One that is never heard of again would hold its organization as long as its worker lives.
    """

    def __init__(self, connector: Any, stopping: Event) -> None:
        super().__init__(connector)
        self._stopping = stopping

    async def finish_job(self, job: Queued, status: Status, delete_job: bool) -> None:
        """See ``JobManager``. Raises ConnectorException where the job is another's by now, and once we stop."""
        while True:
            try:
                return await super().finish_job(job, status, delete_job)
            except ConnectorException as error:
                if self._stopping.is_set() or not isinstance(error.__cause__, OperationalError):
                    raise
            await asyncio.sleep(AGAIN / 10)


def _like(app: App, job: Queued) -> Any:
    return app.configure_task(TASK, queue=job.queue, lock=job.lock, queueing_lock=job.queueing_lock)

"""The dispatcher on PostgreSQL, beyond the contract: several hosts, dead workers, a database that goes away."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Event
from typing import Any

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from psycopg import OperationalError
from tests.postgresql import PostgreSql

from stagemail.dispatch import jobs_database
from stagemail.dispatch.by_procrastinate import BEAT, SILENCE, ProcrastinateDispatcher
from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.errors import Unreachable, UserMustFix
from stagemail.model.job import Depth, Job

PATIENCE = 120.0

Host = Callable[..., ProcrastinateDispatcher]


@pytest.fixture
def host(database: str) -> Iterator[Host]:
    """Makes the dispatcher of one more host."""
    with ExitStack() as stack:

        def made(workers: int = 2, beat: float = BEAT, silence: float = SILENCE) -> ProcrastinateDispatcher:
            jobs = JobsDatabase(database).prepare()
            stack.callback(jobs.close)
            one = ProcrastinateDispatcher(jobs, workers, beat=beat, silence=silence)
            stack.callback(one.stop, PATIENCE)
            return one

        yield made


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def stage(name: str) -> Job:
    return Job("reconcile", name, f"org-{name}", "commit")


def doing(postgresql: PostgreSql, database: str, job: Job, ago: str = "1 minute") -> None:
    """A job as a worker leaves it that was killed so long ago."""
    postgresql.sql(
        database.rpartition("/")[2],
        f"INSERT INTO stagemail_jobs.procrastinate_workers (last_heartbeat) VALUES (now() - interval '{ago}')",
        f"""SET search_path = stagemail_jobs; INSERT INTO procrastinate_jobs
        (queue_name, task_name, lock, queueing_lock, args, status, worker_id)
        SELECT 'stages', 'stagemail', '{job.key}', '{job.id}',
        jsonb_build_object('kind', '{job.kind}', 'name', '{job.name}', 'key', '{job.key}', 'reason', '{job.reason}'),
        'doing', max(id) FROM procrastinate_workers""",
    )


def states(postgresql: PostgreSql, database: str) -> list[tuple[int, str]]:
    query = "SELECT count(*), status::text FROM stagemail_jobs.procrastinate_jobs GROUP BY status ORDER BY status"
    return [(row[0], row[1]) for row in postgresql.sql(database.rpartition("/")[2], query)]


def test_many_hosts_that_start_together_make_the_tables_once(database: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        opened = list(threads.map(lambda _: JobsDatabase(database).prepare(), range(6)))
    assert opened[0].rows("SELECT count(*) FROM versions") == [(1,)]
    for jobs in opened:
        jobs.close()


@pytest.mark.parametrize("change", ["own = 99", "engine = '99.00.00_01_pre_more.sql'"])
def test_tables_of_a_newer_release_are_refused(database: str, change: str, postgresql: PostgreSql) -> None:
    JobsDatabase(database).prepare().close()
    postgresql.sql(database.rpartition("/")[2], f"UPDATE stagemail_jobs.versions SET {change}")
    with pytest.raises(UserMustFix, match=r"newer stagemail or procrastinate.*(99)"):
        JobsDatabase(database).prepare()


def test_tables_of_an_older_engine_are_brought_up_to_date(
    database: str, monkeypatch: pytest.MonkeyPatch, postgresql: PostgreSql
) -> None:
    JobsDatabase(database).prepare().close()
    text = "CREATE TABLE newly_needed ()"
    monkeypatch.setattr(jobs_database, "_migrations", lambda: ["03.04", "99.00_more.sql"])  # no newer engine exists yet
    monkeypatch.setattr(jobs_database.Path, "read_text", lambda *_, **__: text)
    monkeypatch.setattr(jobs_database, "_newest", lambda: "99.00_more.sql")
    JobsDatabase(database).prepare().close()
    where = database.rpartition("/")[2]
    assert postgresql.sql(where, "SELECT to_regclass('stagemail_jobs.newly_needed') IS NOT NULL") == [(True,)]
    assert postgresql.sql(where, "SELECT engine FROM stagemail_jobs.versions") == [("99.00_more.sql",)]


def test_a_user_who_may_not_make_the_tables_is_told_which_grant_is_missing(
    postgresql: PostgreSql, database: str
) -> None:
    postgresql.sql(
        "postgres", "CREATE ROLE meagre LOGIN", f"ALTER DATABASE {database.rpartition('/')[2]} OWNER TO postgres"
    )
    try:
        with pytest.raises(Exception, match="permission denied") as refused:
            JobsDatabase(database).prepare()
        assert "GRANT CREATE ON DATABASE" in refused.value.hint  # type: ignore[attr-defined]
    finally:
        postgresql.sql("postgres", "DROP ROLE meagre")


def test_two_hosts_do_each_job_once_and_leave_nothing_behind(host: Host, postgresql: PostgreSql, database: str) -> None:
    done: list[str] = []
    hosts = [host(), host()]
    for one in hosts:
        one.serve(lambda job: done.append(job.name))
    names = sorted(f"stage-{number}" for number in range(40))
    for index, name in enumerate(names):
        assert hosts[index % 2].submit(stage(name))
    until(lambda: len(done) >= 40 and hosts[0].depth() == Depth(0, 0))
    assert sorted(done) == names
    assert states(postgresql, database) == [], "jobs that ended are removed"


def test_the_job_of_a_dead_worker_is_done_by_another(host: Host, postgresql: PostgreSql, database: str) -> None:
    done: list[Job] = []
    one = host(beat=0.1, silence=2.0)
    doing(postgresql, database, stage("qa"))
    one.serve(done.append)
    until(lambda: done == [stage("qa")] and one.depth() == Depth(0, 0))
    assert states(postgresql, database) == [(1, "failed")]


def test_a_dead_job_with_a_waiting_successor_ends_as_failed_and_the_successor_is_done_once(
    host: Host, postgresql: PostgreSql, database: str
) -> None:
    done: list[Job] = []
    one = host(beat=0.1, silence=2.0)
    doing(postgresql, database, stage("qa"))
    assert one.submit(stage("qa"))
    one.serve(done.append)
    until(lambda: bool(done) and one.depth() == Depth(0, 0))
    assert done == [stage("qa")]
    assert states(postgresql, database) == [(1, "failed")]


def test_a_job_that_ends_while_the_database_is_away_holds_nobody_up_when_it_is_back(
    host: Host, postgresql: PostgreSql, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, ended = Event(), Event()
    finish = JobManager.finish_job

    async def refused(*given: Any, **named: Any) -> None:
        if away.is_set():
            ended.set()
            raise ConnectorException from OperationalError("the server is starting up")
        await finish(*given, **named)

    monkeypatch.setattr(JobManager, "finish_job", refused)
    done: list[Job] = []
    one = host(beat=0.1, silence=60.0)  # its worker is alive all the time: nobody else may take the job
    away.set()
    one.serve(done.append)
    assert one.submit(stage("qa"))
    assert ended.wait(PATIENCE)
    assert one.submit(stage("qa")), "its like waits for its end"
    away.clear()
    until(lambda: len(done) == 2 and one.depth() == Depth(0, 0))
    assert states(postgresql, database) == []


def test_who_lost_the_database_for_a_while_judges_nobody_before_the_others_could_show_themselves(
    host: Host, postgresql: PostgreSql, database: str
) -> None:
    one = host(beat=0.05, silence=600.0)
    doing(postgresql, database, stage("qa"), "1 hour")
    one.serve(lambda job: None)
    time.sleep(0.5)
    assert one.depth() == Depth(0, 1), "an hour of silence is more than 600 s, and this host is here for half a second"


def test_a_job_that_a_stop_cut_short_is_done_once_more_by_another_host(host: Host) -> None:
    begun: list[str] = []
    first, second = host(), host()

    def waits(job: Job) -> None:
        begun.append(job.name)
        until(lambda: first._stopped)  # as a pass that waits for a platform, and is told to stop

    first.serve(waits)
    first.submit(stage("qa"))
    until(lambda: begun == ["qa"])
    assert first.stop(PATIENCE)
    done: list[str] = []
    second.serve(lambda job: done.append(job.name))
    until(lambda: done == ["qa"])


def test_jobs_wait_while_the_database_is_away_and_are_done_when_it_is_back(host: Host, postgresql: PostgreSql) -> None:
    done: list[str] = []
    one = host()
    one.serve(lambda job: done.append(job.name))
    one.submit(stage("before"))
    until(lambda: done == ["before"])
    with postgresql.away(), pytest.raises(Unreachable, match="PostgreSQL is away"):
        one.submit(stage("lost"))
    one.submit(stage("after"))
    until(lambda: done == ["before", "after"])


def test_a_database_that_was_away_for_longer_is_used_as_soon_as_it_is_back(
    database: str, postgresql: PostgreSql
) -> None:
    """The pool's own pauses between two tries double up to minutes: it must not be left to them."""
    jobs = JobsDatabase(database).prepare()
    with closing(jobs):
        assert jobs.rows("SELECT 1") == [(1,)]
        with postgresql.away():
            for _ in range(2):  # by now the pool would rest for eight seconds
                with pytest.raises(Unreachable, match="PostgreSQL is away"):
                    jobs.rows("SELECT 1")
        assert jobs.rows("SELECT 1") == [(1,)]


def test_connections_that_the_server_ended_fail_nothing_once_it_is_known_to_be_back(
    database: str, postgresql: PostgreSql
) -> None:
    """Each is found dead by a statement of its own otherwise, with pauses between: too long for one to wait."""
    jobs = JobsDatabase(database).prepare()
    with closing(jobs), ExitStack() as used:
        for _ in range(4):
            used.enter_context(jobs.pool.connection())
        used.close()
        with postgresql.away():
            pass
        jobs.begin_anew()
        assert jobs.rows("SELECT 1") == [(1,)]

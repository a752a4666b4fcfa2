"""Many processes on one record at once: it is made once, the journal never forks, and one at a time holds the lease."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from alembic import command
from sqlalchemy import text
from tests.postgresql import PostgreSql
from tests.unit.record import crowd
from tests.unit.record.clocks import WallClock

from stagemail.errors import Unreachable, UserMustFix
from stagemail.model.secret import Secret
from stagemail.record import schema
from stagemail.record.kept import KeptRecord
from stagemail.record.postgresql import PostgresDatabase
from stagemail.record.state import open_record
from stagemail.record.upgrade import configuration
from stagemail.record.versions import REVISIONS

PROCESSES, TURNS = 8, 6
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue("database") if request.param == "postgresql" else "sqlite:///record.db"
    return found


def opened(url: str, folder: Path) -> KeptRecord:
    return open_record(url, folder, randomness=bytes, clock=WallClock(), secret=lambda: Secret(crowd.SECRET))


def all_at_once(url: str, folder: Path) -> list[int]:
    """Run the crowd; gives the fences of all leases that were held."""
    program = [sys.executable, "-m", "tests.unit.record.crowd", url, str(folder)]
    processes = [
        subprocess.Popen(
            [*program, str(number), str(TURNS)], cwd=REPOSITORY, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, "\n".join(err for _, err in told)
    return [int(line) for out, _ in told for line in out.split() if line != "0"]


def test_a_crowd_makes_one_record_with_one_whole_journal_and_one_holder_at_a_time(url: str, tmp_path: Path) -> None:
    fences = all_at_once(url, tmp_path)
    assert sorted(fences) == list(range(1, len(fences) + 1)), "each has a fence of its own, none is left out"
    with opened(url, tmp_path) as record:
        (counter,) = record.applied("shared").resources
        assert counter.fields["n"].value == len(fences), "none overwrote what another had counted"
        assert len(record.runs(None, 1000)) == PROCESSES * TURNS
        audit = record.audit()
    assert (audit.sealed, audit.unsealed, audit.fault) == (2 * PROCESSES * TURNS + len(fences), 0, "")


def test_of_many_that_find_an_older_database_one_brings_it_up_to_date(database: str, tmp_path: Path) -> None:
    old = PostgresDatabase(database, lambda: None, WallClock())
    with old.write() as connection:
        command.upgrade(configuration(connection), REVISIONS[0])
    old.close()

    def begin(_number: int) -> int:
        with opened(database, tmp_path) as record:
            return len(record.decisions())

    with ThreadPoolExecutor(PROCESSES) as pool:
        assert list(pool.map(begin, range(PROCESSES))) == [0] * PROCESSES


def test_a_revision_that_fails_leaves_nothing_behind_in_postgresql(
    postgresql: PostgreSql, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = schema._upgrade

    def fail(connection: object) -> None:
        real(connection)  # type: ignore[arg-type]
        raise RuntimeError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(schema, "_upgrade", fail)
        with pytest.raises(RuntimeError):
            opened(database, tmp_path)
    name = urlsplit(database).path[1:]
    assert postgresql.sql(name, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
    opened(database, tmp_path).close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", r"newer stagemail \(schema 9999"),
        ("DROP TABLE alembic_version; CREATE TABLE songs (title TEXT)", "database of something else"),
        ("DROP TABLE marks", "database of something else"),
    ],
)
def test_a_database_of_a_newer_stagemail_or_of_something_else_is_refused(
    postgresql: PostgreSql, database: str, tmp_path: Path, change: str, said: str
) -> None:
    opened(database, tmp_path).close()
    postgresql.sql(urlsplit(database).path[1:], *change.split("; "))
    with pytest.raises(UserMustFix, match=said):
        opened(database, tmp_path)


def test_the_tables_of_the_job_engine_may_be_there_first(postgresql: PostgreSql, database: str, tmp_path: Path) -> None:
    postgresql.sql(urlsplit(database).path[1:], "CREATE TABLE procrastinate_jobs (id bigint)")
    opened(database, tmp_path).close()


def test_who_stands_still_in_a_transaction_is_given_up_and_holds_nobody_up(database: str, tmp_path: Path) -> None:
    """A process that is stopped in the middle is one that says nothing for longer than the server waits."""
    opened(database, tmp_path).close()
    quick = f"{database}?options=-c%20idle_in_transaction_session_timeout%3D200ms"
    stopped = PostgresDatabase(quick, lambda: None, WallClock())
    head = "UPDATE marks SET value = 'half' WHERE name = 'events-head'"
    with pytest.raises(Unreachable, match="stood still"), stopped.write("stage qa") as connection:
        connection.execute(text(head))
        with opened(database, tmp_path) as other:
            crowd.count_up(other, "other")
        connection.execute(text(head))
    stopped.close()
    with opened(database, tmp_path) as record:
        assert record.audit().fault == ""

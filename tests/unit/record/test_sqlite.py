"""The record in SQLite: its files, its durability, and what it says when something is wrong with them."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.unit.record import appender
from tests.unit.record.clocks import WallClock

from stagemail.errors import Busy, CorruptRecord, NotFound, NotPermitted, UsageError, UserMustFix
from stagemail.model.key import BINDING, Key
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record import sqlite
from stagemail.record.sql import SqlRecord
from stagemail.record.sqlite_file import database_path
from stagemail.record.state import open_record

REPOSITORY = Path(__file__).parents[3]
URL = "sqlite:///record.db"


def opened(folder: Path, url: str = URL) -> SqlRecord:
    return open_record(url, folder, randomness=os.urandom, clock=WallClock())


def resource(app: str, value: str = "x") -> Entry:
    key = Key("qa", BINDING, app)
    return Entry(applied=AppliedResource(key, app, {"field": AppliedField(value)}))


@contextmanager
def unprivileged() -> Iterator[None]:
    """Permissions mean nothing to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that an unprivileged user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_what_was_recorded_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with opened(tmp_path) as record:
        record.append([resource("crm")], None)
        key = record.fingerprint_key()
        assert record.notices == ()
    with opened(tmp_path) as record:
        assert [r.label for r in record.applied("qa").resources] == ["crm"]
        assert record.fingerprint_key() == key
        assert record.notices == ()


def test_only_its_owner_may_read_the_records_files(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        with opened(tmp_path) as record:
            record.append([resource("crm")], None)
            files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(umask)
    assert files.pop("record.db-wal", 0o600) == files.pop("record.db-shm", 0o600) == 0o600
    assert files == {"record.db": 0o600, "record.db.key": 0o600}


def test_it_writes_ahead_syncs_fully_and_holds_foreign_keys(tmp_path: Path) -> None:
    database = sqlite.SqliteDatabase(tmp_path / "x.db")
    with database.read() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.close()
    assert pragmas == ["wal", 2, 1]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///stagemail.db", "/base/stagemail.db"),
        ("sqlite:///state/stagemail.db", "/base/state/stagemail.db"),
        ("sqlite:////var/lib/stagemail.db", "/var/lib/stagemail.db"),
    ],
)
def test_the_url_names_a_file_below_the_base_or_anywhere(url: str, path: str) -> None:
    assert database_path(url, Path("/base")) == Path(path)


@pytest.mark.parametrize(
    "url",
    ["", "stagemail.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://host/x.db", "sqlite:///x.db?mode=ro",
     "sqlite+aiosqlite:///x.db", "postgresql://u:hunter2@h/d", "git-branch:x", "sqlite:///a\0b"],
)  # fmt: skip
def test_a_url_that_names_no_file_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        opened(tmp_path, url)
    assert "hunter2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="mkdir -p"):
        opened(tmp_path / "none")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "record.db").mkdir()
    with pytest.raises(UsageError, match="not a file"):
        opened(tmp_path)


def test_a_journal_whose_database_is_gone_is_not_mixed_into_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "record.db-wal").write_bytes(b"old pages")
    with pytest.raises(CorruptRecord, match="journal"):
        opened(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["record.db-wal"]


def test_a_folder_that_may_not_be_entered_is_refused(public: Path) -> None:
    (public / "closed").mkdir(mode=0o700)
    with unprivileged(), pytest.raises(NotPermitted):
        opened(public / "closed")


def test_a_folder_that_may_not_be_written_is_refused(public: Path) -> None:
    with unprivileged(), pytest.raises(NotPermitted, match="cannot be written"):
        opened(public)


def test_a_record_that_may_not_be_written_is_refused(public: Path) -> None:
    opened(public).close()
    for path in public.iterdir():
        os.chown(path, 65534, 65534)
    (public / "record.db").chmod(0o400)
    with unprivileged(), pytest.raises(NotPermitted, match="cannot be written"):
        opened(public).append([resource("crm")], None)


def damage_header(path: Path) -> None:
    path.write_bytes(b"this is not a database, it only has its name" * 50)


def damage_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(bytes(data))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


@pytest.mark.parametrize("damage", [damage_header, damage_pages, cut_off])
def test_a_damaged_database_stops_loudly_and_says_how_to_go_on(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    with opened(tmp_path) as record:
        record.append([resource(f"app-{n}", "y" * 200) for n in range(100)], None)
    damage(tmp_path / "record.db")
    with pytest.raises(CorruptRecord, match="move it") as caught, opened(tmp_path) as record:
        record.applied("qa")
        record.append([resource("crm")], None)
    assert str(tmp_path / "record.db") in caught.value.message


@pytest.mark.parametrize(
    "fields", ["{", "[]", '{"a": 1}', '{"a": [1.5, "", true]}', '{"a": [{"secret": [1]}, "", true]}', "[" * 9999]
)
def test_content_that_nobody_can_read_is_a_damaged_record(tmp_path: Path, fields: str) -> None:
    with opened(tmp_path) as record:
        record.append([resource("crm")], None)
        with closing(sqlite3.connect(tmp_path / "record.db")) as connection, connection:
            connection.execute("UPDATE applied SET fields = ?", (fields,))
        with pytest.raises(CorruptRecord):
            record.applied("qa")


def test_a_full_disk_is_named_nothing_is_half_recorded_and_space_helps(tmp_path: Path) -> None:
    with opened(tmp_path) as record:
        record.append([resource("crm")], None)
        database = record._opened._database
        assert isinstance(database, sqlite.SqliteDatabase)
        database.close()

        def limit(connection: sqlite3.Connection, _: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")

        event.listen(database._reader, "connect", limit)
        with pytest.raises(UserMustFix, match=r"disk .* is full"):
            record.append([resource(f"app-{n}", "y" * 2000) for n in range(50)], None)
        assert len(record.applied("qa").resources) == 1
        event.remove(database._reader, "connect", limit)
        database.close()
        record.append([resource(f"app-{n}", "y" * 2000) for n in range(50)], None)
        assert len(record.applied("qa").resources) == 51


def test_a_writer_that_another_process_blocks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path).close()
    monkeypatch.setattr(sqlite, "WAIT_SECONDS", 0.05)  # nobody waits ten seconds for a test
    with opened(tmp_path) as record, closing(sqlite3.connect(tmp_path / "record.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="in use by another process"):
            record.append([resource("crm")], None)
        assert record.applied("qa").resources == ()
        other.execute("ROLLBACK")
        record.append([resource("crm")], None)


def test_many_threads_append_without_losing_anything(tmp_path: Path) -> None:
    with opened(tmp_path) as record, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: record.append([resource(f"app-{n}")], None), range(40)))
        assert len(record.applied("qa").resources) == 40


OPENER = """
import os, sys
from pathlib import Path
from stagemail.record.state import open_record
from tests.unit.record.clocks import WallClock
sys.stdin.read(1)
record = open_record("sqlite:///record.db", Path(sys.argv[1]), randomness=os.urandom, clock=WallClock())
print(record.fingerprint_key().hex())
"""


def test_processes_that_create_a_record_at_once_end_with_the_same_one(tmp_path: Path) -> None:
    start = [sys.executable, "-c", OPENER, str(tmp_path)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(start, stdin=pipe, stdout=pipe, stderr=pipe, cwd=REPOSITORY) for _ in range(4)]
    time.sleep(0.5)
    for process in processes:
        assert process.stdin
        process.stdin.write(b"x")
        process.stdin.close()
        process.stdin = None
    answers = [process.communicate(timeout=300) for process in processes]
    assert [error.decode() for _, error in answers] == [""] * 4
    assert len({key for key, _ in answers}) == 1
    assert {path.name for path in tmp_path.iterdir()} <= {
        "record.db",
        "record.db.key",
        "record.db-wal",
        "record.db-shm",
    }


def test_after_kill_minus_9_every_acknowledged_append_is_there_and_none_is_half_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", appender.__name__, str(tmp_path)]
    for kill in range(3):
        folder = tmp_path / str(kill)
        folder.mkdir()
        command[-1] = str(folder)
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as process:
            assert process.stdout
            for _ in range(20 + 7 * kill):
                assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            acknowledged = 20 + 7 * kill + len(process.stdout.read().splitlines())
        with opened(folder) as record:
            resources, intents = record.applied("qa").resources, record.open_intents("qa")
        assert len(resources) in (acknowledged, acknowledged + 1)
        assert [r.label for r in resources] == [i.label for i in intents]
        assert resources[acknowledged - 1].fields["number"].value == acknowledged - 1


@pytest.mark.parametrize("where", ["INSERT INTO intents", "INSERT INTO applied", "INSERT INTO events", "COMMIT"])
def test_an_append_that_is_killed_in_the_middle_is_not_there_at_all(tmp_path: Path, where: str) -> None:
    command = [sys.executable, "-m", appender.__name__, str(tmp_path), where]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == [str(n).encode() for n in range(appender.FATAL)]
    with opened(tmp_path) as record:
        labels = [f"app-{n:06}" for n in range(appender.FATAL)]
        assert [r.label for r in record.applied("qa").resources] == labels
        assert [i.label for i in record.open_intents("qa")] == labels
        record.append(appender.entries(appender.FATAL), None)
        assert len(record.open_intents("qa")) == appender.FATAL + 1

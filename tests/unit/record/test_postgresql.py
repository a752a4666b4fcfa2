"""The record in PostgreSQL: what it says when something is wrong, that it comes back, and whose key it takes."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import text
from tests.postgresql import GUARDED, PASSWORD, PostgreSql
from tests.unit.record.clocks import WallClock

from stagemail import record as record_package
from stagemail.errors import (
    Busy,
    CorruptRecord,
    NotFound,
    NotPermitted,
    SecretUnusable,
    StagemailError,
    Unreachable,
    UsageError,
    UserMustFix,
)
from stagemail.model.key import BINDING, Key
from stagemail.model.secret import Secret
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record.postgresql import CONNECTIONS, MORE_CONNECTIONS, PostgresDatabase
from stagemail.record.postgresql_refusals import refusal
from stagemail.record.sql import SqlRecord
from stagemail.record.state import open_record
from stagemail.resources import postgresql_address


class Awaited(WallClock):
    """Something happens while somebody waits for the first time."""

    then: Callable[[], None] | None = None

    def sleep(self, seconds: float) -> None:
        then, self.then = self.then, None
        if then is not None:
            then()


class QuickClock(WallClock):
    """Waits for nothing."""

    def sleep(self, seconds: float) -> None:
        pass


def opened(url: str, base: Path, **changes: Any) -> SqlRecord:
    given: dict[str, Any] = {"randomness": os.urandom, "clock": WallClock()}
    record = open_record(url, base, **(given | changes))
    assert isinstance(record, SqlRecord)
    return record


def resource(app: str) -> Entry:
    return Entry(applied=AppliedResource(Key("qa", BINDING, app), app, {"field": AppliedField("x")}))


def as_guarded(url: str) -> str:
    return url.replace("stagemail@", f"{GUARDED}@")


def let_in(postgresql: PostgreSql, url: str) -> str:
    """The same database for the user with a password."""
    postgresql.sql("postgres", f"ALTER DATABASE {urlsplit(url).path[1:]} OWNER TO {GUARDED}")
    return as_guarded(url)


def test_what_was_recorded_is_there_when_it_is_opened_again(database: str, tmp_path: Path) -> None:
    with opened(database, tmp_path) as record:
        record.append([resource("crm")], None)
        key = record.fingerprint_key()
    with opened(database, tmp_path) as record:
        assert [r.label for r in record.applied("qa").resources] == ["crm"]
        assert (record.fingerprint_key(), record.notices, record.audit().sealed) == (key, (), 1)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunter2@db/x",
        "postgresql://ann@db/x?password=hunter2",
        "postgresql://ann@db/x?sslmode=require&sslpassword=hunter2",
        "postgresql://ann:hunter2@db?x",
        "postgresql:///x?PASSWORD=hunter2",
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds a password") as caught:
        opened(url, tmp_path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://a b/x", "postgresql://a@127.0.0.1/x?nosuch=1"])
def test_an_address_that_nobody_understands_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sslmode=verify-full"):
        opened(url, tmp_path)


def test_messages_name_user_host_and_database_and_no_parameter() -> None:
    assert postgresql_address.shown("postgresql://ann@db:5433/mail?sslmode=require&options=x") == (
        "postgresql://ann@db:5433/mail"
    )


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("postgresql://a@db.example.com/x", True),
        ("postgresql://a@db.example.com/x?sslmode=require", True),
        ("postgresql://a@db.example.com/x?sslmode=verify-full", False),
        ("postgresql://a@127.0.0.1:5432/x", False),
        ("postgresql:///x", False),
        ("postgresql:///x?host=/run/postgresql", False),
        ("postgresql:///x?host=db.example.com", True),
        ("postgresql://a@localhost,db.example.com/x", True),
        ("postgresql:///?service=mail", False),
    ],
)
def test_an_address_that_is_not_verified_is_known(url: str, exposed: bool) -> None:
    assert postgresql_address.is_exposed(url) is exposed


Change = Callable[[PostgreSql, str], str]
REFUSED: dict[str, tuple[Change, type[StagemailError], str]] = {
    "no server": (lambda _, url: url.replace(f":{urlsplit(url).port}", ":1"), Unreachable, "start PostgreSQL"),
    "no database": (lambda _, url: url + "_none", NotFound, "createdb"),
    "no password": (lambda _, url: as_guarded(url), NotPermitted, "PGPASSFILE"),
    "no TLS": (lambda _, url: f"{url}?sslmode=require", NotPermitted, "sslmode"),
    "not ours": (lambda postgresql, url: let_in(postgresql, url) and url, NotPermitted, "OWNER"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_server_that_does_not_let_us_in_is_told_with_the_next_step(
    case: str, postgresql: PostgreSql, database: str, tmp_path: Path
) -> None:
    change, kind, step = REFUSED[case]
    url = change(postgresql, database)
    with pytest.raises(kind, match=step) as caught:
        opened(url, tmp_path, clock=QuickClock())
    assert postgresql_address.shown(url) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("57P03", Unreachable), ("08006", Unreachable), ("53300", Busy), ("53100", UserMustFix), ("55P03", Busy),
        ("40001", Busy), ("40P01", Busy), ("57014", Unreachable), ("25P03", Unreachable), ("25006", Unreachable),
        ("42501", NotPermitted), ("28P01", NotPermitted), ("XX001", CorruptRecord), ("42P01", CorruptRecord),
        ("22021", UserMustFix), ("0A000", UserMustFix), ("3D000", NotFound),
    ],
)  # fmt: skip
def test_every_answer_is_one_of_our_errors_with_a_next_step(code: str, kind: type[StagemailError]) -> None:
    error = psycopg.errors.lookup(code)("hunter2")
    said = refusal(error, "the record postgresql://a@b/c")
    assert type(said) is kind
    assert said.hint
    assert "postgresql://a@b/c" in said.message
    assert "hunter2" not in str(said)


def test_a_password_comes_from_a_secret_with_each_connection(
    postgresql: PostgreSql, database: str, tmp_path: Path
) -> None:
    url = let_in(postgresql, database)
    asked: list[int] = []

    def password() -> Secret:
        asked.append(1)
        return Secret(PASSWORD)

    with opened(url, tmp_path, password=password) as record:
        record.append([resource("crm")], None)
        record.close()
        assert len(record.applied("qa").resources) == 1
    assert len(asked) == 2
    with pytest.raises(NotPermitted, match="statePassword") as caught:
        opened(url, tmp_path, password=lambda: Secret("another-password"))
    assert "another-password" not in str(caught.value)


def test_a_password_comes_from_libpqs_own_places(
    postgresql: PostgreSql, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = let_in(postgresql, database)
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{postgresql.port}:*:{GUARDED}:{PASSWORD}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    opened(url, tmp_path).close()
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    opened(url, tmp_path).close()


def test_a_restart_meanwhile_is_not_noticed(postgresql: PostgreSql, database: str, tmp_path: Path) -> None:
    clock = Awaited()
    with opened(database, tmp_path, clock=clock) as record:
        record.append([resource("crm")], None)
        postgresql.stop()
        postgresql.start()
        record.append([resource("billing")], None)
        postgresql.kill()
        clock.then = postgresql.start
        assert len(record.applied("qa").resources) == 2
        assert clock.then is None, "it was asked while it was away"


def test_a_server_that_stays_away_is_told_and_found_again(
    postgresql: PostgreSql, database: str, tmp_path: Path
) -> None:
    with opened(database, tmp_path, clock=QuickClock()) as record:
        with postgresql.away(), pytest.raises(Unreachable, match="does not answer: Connection refused"):
            record.append([resource("crm")], None)
        record.append([resource("crm")], None)
        assert record.audit().fault == ""


def test_a_connection_that_is_cut_in_a_transaction_leaves_nothing(
    postgresql: PostgreSql, database: str, tmp_path: Path
) -> None:
    opened(database, tmp_path).close()
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    ours = PostgresDatabase(database, lambda: None, WallClock())
    with pytest.raises(Unreachable, match="settled by reading"), ours.write("stage qa") as connection:
        connection.execute(text("INSERT INTO marks VALUES ('half', '')"))
        postgresql.sql(urlsplit(database).path[1:], f"{cut} AND pid <> pg_backend_pid()")
        connection.execute(text("SELECT 1"))
    with ours.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM marks WHERE name = 'half'")) == 0
    ours.close()


def test_connections_that_are_all_in_use_are_told_as_ours_and_not_as_the_servers(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagemail.record.postgresql.PATIENCE", 0.05)
    ours = PostgresDatabase(database, lambda: None, WallClock())
    with ExitStack() as stack:
        for _ in range(CONNECTIONS + MORE_CONNECTIONS):
            stack.enter_context(ours.read())
        with pytest.raises(Busy, match=r"all 12 connections of this process to .* are in use"):
            stack.enter_context(ours.read())
    with ours.read():
        pass
    ours.close()


def test_an_old_process_writes_nothing_into_what_a_newer_release_changed(
    postgresql: PostgreSql, database: str, tmp_path: Path
) -> None:
    with opened(database, tmp_path) as record:
        postgresql.sql(urlsplit(database).path[1:], "UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(UserMustFix, match="changed meanwhile by another stagemail"):
            record.append([resource("crm")], None)
        with pytest.raises(UserMustFix, match="changed meanwhile"):
            record.acquire("org", "me", WallClock().now(), 60)
        assert record.applied("qa").resources == ()


HEX = bytes(range(32)).hex()


def test_one_secret_serves_every_host(database: str, tmp_path: Path) -> None:
    hosts = [tmp_path / name for name in ("one", "two")]
    for host in hosts:
        host.mkdir()
        with opened(database, host, secret=lambda: Secret(HEX)) as record:
            assert record.fingerprint_key() == bytes(range(32))
        assert list(host.iterdir()) == []


def test_a_secret_that_is_no_key_itself_gives_one(database: str, tmp_path: Path) -> None:
    with opened(database, tmp_path, secret=lambda: Secret("correct horse battery staple, again and again")) as record:
        assert len(record.fingerprint_key()) == 32


def test_a_secret_that_can_be_guessed_is_refused(database: str, tmp_path: Path) -> None:
    with pytest.raises(SecretUnusable, match="openssl rand"):
        opened(database, tmp_path, secret=lambda: Secret("short"))


def test_a_second_host_without_the_key_is_told_what_to_do_and_makes_none(database: str, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    opened(database, one).close()
    with pytest.raises(UserMustFix, match="copy that file from there"):
        opened(database, two)
    assert list(two.iterdir()) == []
    (file,) = one.iterdir()
    (two / file.name).write_bytes(file.read_bytes())
    (two / file.name).chmod(0o600)
    opened(database, two).close()


def test_another_key_is_refused_and_nothing_is_forgotten(database: str, tmp_path: Path) -> None:
    with opened(database, tmp_path) as record:
        record.append([resource("crm")], None)
        key = record.fingerprint_key()
    with pytest.raises(CorruptRecord, match="not the one that the record was begun with"):
        opened(database, tmp_path, secret=lambda: Secret(HEX))
    (file,) = tmp_path.iterdir()
    file.write_bytes(bytes(32))
    with pytest.raises(CorruptRecord, match="forget-key"):
        opened(database, tmp_path)
    file.write_bytes(key)
    with opened(database, tmp_path) as record:
        assert record.audit().sealed == 1


def test_without_the_driver_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "stagemail.record.postgresql_opening", raising=False)
    monkeypatch.delattr(record_package, "postgresql_opening", raising=False)
    monkeypatch.setitem(sys.modules, "stagemail.record.postgresql", None)
    with pytest.raises(UserMustFix, match=r"pip install 'stagemail\[postgresql\]'"):
        opened("postgresql://ann@127.0.0.1/x", tmp_path)


def test_several_rows_are_no_pipeline_in_which_a_paused_host_would_keep_its_locks(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's limits hold for who is idle or runs a statement; between two of a pipeline neither is so."""
    monkeypatch.setattr(psycopg.Cursor, "executemany", lambda *_: pytest.fail("the driver makes a pipeline of it"))
    made = PostgresDatabase(database, lambda: None, WallClock())
    try:
        with made.write() as connection:
            connection.execute(text("CREATE TABLE mine (number integer)"))
            connection.execute(text("INSERT INTO mine VALUES (:number)"), [{"number": 1}, {"number": 2}])
            assert connection.execute(text("SELECT sum(number) FROM mine")).scalar_one() == 3
    finally:
        made.close()

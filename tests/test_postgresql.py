"""The tests' own PostgreSQL: a database of one's own, a user with a password, and it comes back."""

import os
import signal
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.postgresql import GUARDED, PASSWORD, PostgreSql


def test_a_test_has_an_empty_database_in_which_it_may_do_everything(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE mine (id integer)")
        assert connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == [
            ("mine",)
        ]


def test_one_user_needs_a_password(postgresql: PostgreSql, database: str) -> None:
    url = postgresql.url(urlsplit(database).path[1:], GUARDED)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url)
    psycopg.connect(url, password=PASSWORD).close()


def test_it_comes_back_with_what_was_committed_however_it_went(postgresql: PostgreSql, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 7 AS number")
    with postgresql.away(), pytest.raises(psycopg.OperationalError):
        psycopg.connect(database)
    postgresql.kill()
    postgresql.start()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT number FROM mine").fetchone() == (7,)


def test_it_ends_and_comes_back_though_a_backend_never_ends(
    postgresql: PostgreSql, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.postgresql.IN_ORDER", 0.2)
    with psycopg.connect(database) as connection:
        os.kill(connection.info.backend_pid, signal.SIGSTOP)  # a fast shutdown waits for it, without a limit
        with postgresql.away(), pytest.raises(psycopg.OperationalError):
            psycopg.connect(database)
        connection.close()
    assert postgresql.sql("postgres", "SELECT 1") == [(1,)]

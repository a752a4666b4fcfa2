"""The record's schema: made on first use, brought up to date, and never run backwards."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.unit.record.clocks import WallClock

from stagemail.errors import UserMustFix
from stagemail.record import schema, versions
from stagemail.record.sqlite import SqliteDatabase
from stagemail.record.state import KeptRecord, open_record
from stagemail.record.tables import METADATA
from stagemail.record.upgrade import configuration


def opened(folder: Path) -> KeptRecord:
    return open_record("sqlite:///record.db", folder, randomness=os.urandom, clock=WallClock())


def execute(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "record.db")) as connection, connection:
        return connection.execute(statement).fetchall()


def test_the_revisions_build_exactly_todays_tables(tmp_path: Path) -> None:
    opened(tmp_path).close()
    database = SqliteDatabase(tmp_path / "record.db")
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    database.close()


def test_the_known_revisions_are_those_of_the_files_in_their_order() -> None:
    scripts = ScriptDirectory.from_config(configuration(None))
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == versions.REVISIONS


def test_a_record_of_a_newer_stagemail_is_refused_and_left_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    execute(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UserMustFix, match=r"newer stagemail \(schema 9999; this one knows up to 0002\)"):
        opened(tmp_path)
    assert execute(tmp_path, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    execute(tmp_path, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(UserMustFix, match="database of something else"):
        opened(tmp_path)
    assert execute(tmp_path, "SELECT name FROM sqlite_master") == [("songs",)]


def test_an_empty_file_becomes_a_record(tmp_path: Path) -> None:
    (tmp_path / "record.db").touch()
    with opened(tmp_path) as record:
        assert record.runs(None, 1) == ()


def test_a_revision_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = SqliteDatabase(tmp_path / "record.db")
    real = schema._upgrade

    def fail(connection: object) -> None:
        real(connection)  # type: ignore[arg-type]
        raise RuntimeError("killed here")

    monkeypatch.setattr(schema, "_upgrade", fail)
    with pytest.raises(RuntimeError):
        schema.ensure(database)
    assert execute(tmp_path, "SELECT name FROM sqlite_master") == []
    database.close()


PROBE = """
import os, sys
from pathlib import Path
from stagemail.record.state import open_record
from tests.unit.record.clocks import WallClock
with open_record("sqlite:///record.db", Path(sys.argv[1]), randomness=os.urandom, clock=WallClock()) as record:
    record.applied("qa")
print("alembic" in sys.modules)
"""


def test_alembic_is_imported_only_when_there_is_something_to_migrate(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROBE, str(tmp_path)]
    root = Path(__file__).parents[3]
    answers = [subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=60).stdout for _ in range(2)]
    assert answers == [b"True\n", b"False\n"]

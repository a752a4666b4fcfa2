"""Reading by plain SQL is reading by SQLAlchemy, for less: one schema, one answer, no heavy module."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table
from tests.contract.test_record import NOON, intent, key, outcome, run
from tests.unit.record.clocks import WallClock

from stagemail.errors import CorruptRecord
from stagemail.model.inventory import StageIdentity
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record import sqlite_reader as reader
from stagemail.record import tables, views
from stagemail.record.sqlite import SqliteDatabase
from stagemail.record.sqlite_reader import SqliteReader
from stagemail.record.sqlite_record import SqliteRecord
from stagemail.record.state import KeptRecord, open_record


def opened(folder: Path) -> KeptRecord:
    return open_record("sqlite:///record.db", folder, randomness=os.urandom, clock=WallClock())


def filled(folder: Path) -> Path:
    odd = [AppliedResource(key("qa", n), n, {"x": AppliedField(("ä", "b"), "e")}, "r") for n in ("B", "a", "Ä", "_")]
    with opened(folder) as record:
        record.append([Entry(run=run(1)), Entry(run=replace(run(2), finished=NOON, not_live=("CRM",)))], None)
        record.append([Entry(intent=intent(1)), Entry(intent=intent(2)), Entry(intent=intent(3))], None)
        record.append([Entry(settled=("intent-1", outcome("one"))), Entry(settled=("intent-3", outcome("two")))], None)
        record.append([Entry(applied=each) for each in odd], None)
        record.append([Entry(identity=("qa", StageIdentity("key", "QA", "production")))], None)
        record.append([Entry(run=run(3, stage="dev"))], None)
    return folder / "record.db"


@pytest.mark.parametrize(
    ("statement", "table", "but"),
    [
        (reader.APPLIED, tables.APPLIED, {"stage"}),
        (reader.IDENTITY, tables.IDENTITIES, {"stage"}),
        (reader.OPEN_INTENTS, tables.INTENTS, {"seq", "settled"}),
        (reader.LEASE, tables.LEASES, {"scope", "since"}),
        (reader.RUNS, tables.RUNS, {"seq"}),
        (reader.RUNS_OF_STAGE, tables.RUNS, {"seq"}),
        (reader.OUTCOMES, tables.OUTCOMES, {"run", "position"}),
    ],
)
def test_every_column_of_the_schema_is_read_in_its_order(statement: str, table: Table, but: set[str]) -> None:
    read = statement.partition("SELECT ")[2].partition(" FROM ")[0].replace('"', "").split(", ")
    assert read == [column.name for column in table.columns if column.name not in but]
    assert f" FROM {table.name} WHERE " in statement


def test_both_ways_to_read_say_the_same(tmp_path: Path) -> None:
    path = filled(tmp_path)
    database, plain = SqliteDatabase(path), SqliteReader(path)
    with database.read() as connection:
        for stage in ("qa", "dev", "none"):
            assert plain.applied(stage) == views.applied(connection, stage)
            assert plain.open_intents(stage) == views.open_intents(connection, stage)
            assert plain.runs(stage, 2) == views.runs(connection, stage, 2)
        assert plain.runs(None, 20) == views.runs(connection, None, 20)
        assert len(plain.runs(None, 20)) == 3
        assert [i.id for i in plain.open_intents("qa")] == ["intent-2"]
    plain.close()
    database.close()


def test_what_was_read_is_read_again_after_somebody_wrote(tmp_path: Path) -> None:
    filled(tmp_path)
    with opened(tmp_path) as mine, opened(tmp_path) as other:
        before = mine.applied("qa")
        assert mine.applied("qa") is before
        other.append([Entry(forgotten=key("qa", "a"))], None)
        assert len(mine.applied("qa").resources) == len(before.resources) - 1
        mine.append([Entry(forgotten=key("qa", "B"))], None)
        assert len(mine.applied("qa").resources) == len(before.resources) - 2


def test_reading_loads_neither_sqlalchemy_nor_alembic(tmp_path: Path) -> None:
    filled(tmp_path)
    program = f"""
import os, sys
from pathlib import Path
from tests.unit.record.clocks import WallClock
from stagemail.record.state import open_record
with open_record("sqlite:///record.db", Path({str(tmp_path)!r}), randomness=os.urandom, clock=WallClock()) as record:
    assert record.applied("qa").resources and record.runs(None, 5) and record.open_intents("qa")
    assert record.fingerprint_key()
print([name for name in ("sqlalchemy", "alembic") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("statement", ["UPDATE applied SET fields = '{'", "UPDATE applied SET fields = '1,2'"])
def test_a_document_that_nobody_can_read_is_said(tmp_path: Path, statement: str) -> None:
    path = filled(tmp_path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    with opened(tmp_path) as record, pytest.raises(CorruptRecord):
        record.applied("qa")


def test_a_lease_is_not_shorter_for_the_time_that_opening_takes(tmp_path: Path) -> None:
    filled(tmp_path)
    clock = WallClock()
    with open_record("sqlite:///record.db", tmp_path, randomness=os.urandom, clock=clock) as record:
        assert isinstance(record, SqliteRecord)
        real = record._in_full

        def slow() -> KeptRecord:
            record._now = lambda: NOON + timedelta(seconds=60)
            return real()

        record._in_full = slow
        record._now = lambda: NOON
        assert record.acquire("organization", "me", NOON, 90).until == NOON + timedelta(seconds=150)
        assert record.acquire("another", "me", NOON, 90).until == NOON + timedelta(seconds=90)

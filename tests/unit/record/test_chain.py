"""The journal's chain: whatever is done to the rows of the database is found, with its place."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.record.clocks import WallClock

from stagemail.model.run import Run
from stagemail.model.standing import Audit
from stagemail.ports import Entry
from stagemail.record import chain
from stagemail.record.kept import KeptRecord
from stagemail.record.sql_opening import open_sql
from stagemail.record.state import open_record

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def opened(folder: Path) -> KeptRecord:
    return open_record("sqlite:///record.db", folder, randomness=os.urandom, clock=WallClock())


def run(number: int) -> Run:
    return Run(f"run-{number}", "qa", "c0ffee", "ann", NOON + timedelta(minutes=number), "done", NOON)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Six events in three appends."""
    with opened(tmp_path) as record:
        for number in (0, 2, 4):
            record.append([Entry(run=run(number)), Entry(run=run(number + 1))], None)
    return tmp_path


def execute(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "record.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def audited(folder: Path) -> Audit:
    """What both ways to read say, which must be the same."""
    with opened(folder) as record:
        quick = record.audit()
    full = open_sql(folder / "record.db", os.urandom, WallClock(), lambda _owner: False)
    with full:
        assert full.audit() == quick
    return quick


def test_a_journal_that_nobody_touched_is_whole(journal: Path) -> None:
    assert audited(journal) == Audit(6)


def test_an_empty_journal_is_whole(tmp_path: Path) -> None:
    opened(tmp_path).close()
    assert audited(tmp_path) == Audit(0)


@pytest.mark.parametrize(
    ("done", "fault"),
    [
        ("UPDATE events SET body = replace(body, 'ann', 'bob') WHERE seq = 3", "event 3 (run of qa, "),
        ("UPDATE events SET stage = 'production' WHERE seq = 3", "event 3 (run of production, "),
        ("UPDATE events SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 3", "event 3 (run of qa, 2020"),
        ("DELETE FROM events WHERE seq = 3", "event 3 is missing"),
        ("DELETE FROM events WHERE seq IN (2, 3)", "events 2 to 3 are missing"),
        ("DELETE FROM events WHERE seq = 6", "event 6 is missing"),
        ("DELETE FROM events", "events 1 to 6 are missing"),
        ("UPDATE events SET seq = 99 WHERE seq = 3", "event 3 is missing"),
        ("INSERT INTO events SELECT 7, at, stage, kind, body, seal FROM events WHERE seq = 6", "event 7 (run of qa, "),
        ("DELETE FROM marks WHERE name = 'events-head'", "the mark events-head is missing or was altered"),
        ("UPDATE marks SET value = '[1, 5, \"x\", \"y\"]' WHERE name = 'events-head'", "the mark events-head"),
        ("UPDATE marks SET value = 'nonsense' WHERE name = 'events-head'", "the mark events-head"),
        ("UPDATE events SET seal = ''", "event 1 (run of qa, "),
    ],
)
def test_what_was_altered_removed_or_added_is_found_with_its_place(journal: Path, done: str, fault: str) -> None:
    execute(journal, done)
    assert audited(journal).fault.startswith(fault)


def test_two_events_that_changed_places_are_found(journal: Path) -> None:
    move = "UPDATE events SET seq = {} WHERE seq = {}"
    execute(journal, move.format(-1, 3), move.format(3, 4), move.format(4, -1))
    assert audited(journal).fault.startswith("event 3 (run of qa, ")


def test_events_from_before_the_chain_are_counted_apart(journal: Path) -> None:
    execute(
        journal,
        "UPDATE events SET seal = ''",
        "DELETE FROM marks WHERE name = 'events-head'",
        "DELETE FROM alembic_version",
        "INSERT INTO alembic_version VALUES ('0001')",
        "DROP TABLE standings",
        "DROP TABLE decisions",
        "ALTER TABLE events DROP COLUMN seal",
    )
    with opened(journal) as record:
        assert record.audit() == Audit(0)
        record.append([Entry(run=replace(run(9), id="newer"))], None)
    assert audited(journal) == Audit(1, 6)


def test_a_chain_of_another_key_is_nobodys() -> None:
    text = chain.Head(1, 2, "seal").text(b"k" * 32)
    assert chain.head_of(text, b"k" * 32) == chain.Head(1, 2, "seal")
    assert chain.head_of(text, b"x" * 32) is None

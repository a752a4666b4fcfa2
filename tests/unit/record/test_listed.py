"""What `history` lists is compared with the journal: a row altered in the tables beside it is found."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.record.clocks import WallClock

from stagemail.model.event import Event
from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.standing import Decision
from stagemail.ports import Entry
from stagemail.record.kept import KeptRecord
from stagemail.record.listed import BATCH, differs
from stagemail.record.state import open_record

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
COLUMNS = "stage, revision, actor, started, status, finished, live, apps, not_live"
KEY = Key("qa", CONFIGURATION, "k-1")


def opened(folder: Path) -> KeptRecord:
    return open_record("sqlite:///record.db", folder, randomness=os.urandom, clock=WallClock())


def run(number: int, status: str = "done", outcomes: tuple[Outcome, ...] = ()) -> Run:
    begun = Run(f"run-{number}", "qa", "c0ffee", "ann", NOON + timedelta(minutes=number), "running")
    return begun if status == "running" else replace(begun, status="done", finished=NOON, outcomes=outcomes)


def outcome(step: str, message: str = "read back equal") -> Outcome:
    return Outcome(step, KEY, "qa", "write", "done", message, retry=False, fields=("server.host",))


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A run that went well, one that was killed and settled by the next, and two decisions."""
    intents = [Intent(f"run-2/{step}", "run-2", KEY, "qa", "write", NOON) for step in ("b", "a")]
    with opened(tmp_path) as record:
        record.append([Entry(run=run(1, "running"))], None)
        record.append([Entry(run=run(1, outcomes=(outcome("b"), outcome("a"))))], None)
        record.append([Entry(run=run(2, "running")), *(Entry(intent=intent) for intent in intents)], None)
        record.append([Entry(settled=("run-2/b", outcome("b")))], None)
        record.append(
            [Entry(settled=("run-2/a", outcome("a"))), Entry(settled=("run-2/b", outcome("b", "live")))], None
        )
        record.append([Entry(run=run(3))], None)
        record.append([Entry(decision=Decision("d-1", "suspend", "qa", "ann", NOON, "CHG-1"))], None)
        record.append([Entry(decision=Decision("d-2", "approve", "", "bea", NOON, plan="f00"))], None)
    return tmp_path


def found(folder: Path) -> str:
    with opened(folder) as record:
        return differs(record)


def test_what_nobody_touched_is_what_the_journal_tells(listed: Path) -> None:
    assert found(listed) == ""


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (
            "UPDATE runs SET actor = 'eve' WHERE id = 'run-1'",
            "run run-1 of qa is not what the journal tells in its actor",
        ),
        ("UPDATE runs SET revision = 'bad', live = 9 WHERE id = 'run-3'", "run-3 of qa is not what the journal tells"),
        ("UPDATE outcomes SET message = 'x' WHERE run = 'run-2' AND step = 'a'", "run-2 of qa is not what"),
        ("DELETE FROM outcomes WHERE run = 'run-1' AND step = 'a'", "run-1 of qa is not what"),
        ("DELETE FROM runs WHERE id = 'run-3'", "run run-3 of qa is in the journal and not in the list"),
        (
            f"INSERT INTO runs SELECT 99, 'run-9', {COLUMNS} FROM runs WHERE id = 'run-3'",
            "run run-9 of qa is in the list and not in the journal",
        ),
        (
            "UPDATE decisions SET body = replace(body, 'ann', 'eve')",
            "what ann decided (suspend qa) is not in the list of",
        ),
        ("DELETE FROM decisions WHERE id = 'd-2'", "what bea decided (approve of all stages) is not in the list of"),
        ("DELETE FROM events", "is in the list and not in the journal"),
    ],
)
def test_an_altered_list_is_found(listed: Path, done: str, said: str) -> None:
    with closing(sqlite3.connect(listed / "record.db")) as connection, connection:
        connection.execute(done)
    assert said in found(listed)


class Busy:
    """A record that another process writes to between two reads, so often."""

    def __init__(self, record: KeptRecord, write: Callable[[], None], times: int) -> None:
        self._record, self._write, self._left = record, write, times

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        return self._record.events(after, most)

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        if self._left:
            self._left -= 1
            self._write()
        return self._record.runs(stage, limit)

    def decisions(self) -> tuple[Decision, ...]:
        return self._record.decisions()


@pytest.mark.parametrize("times", [1, 1000])
def test_what_others_write_meanwhile_is_no_difference(listed: Path, times: int) -> None:
    with opened(listed) as record:
        numbers = iter(range(10, BATCH))
        assert differs(Busy(record, lambda: record.append([Entry(run=run(next(numbers)))], None), times)) == ""

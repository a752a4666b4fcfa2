"""Appends to a record until it is killed; prints the number of each append once it is acknowledged.

Run as ``python -m tests.unit.record.appender FOLDER [WHERE]``. Every append holds an intent and a resource with the
same number. With WHERE, the sixth append kills its own process with SIGKILL directly before that statement.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event
from tests.unit.record.clocks import WallClock

from stagemail.model.key import BINDING, Key
from stagemail.model.run import Intent, Run
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record.sql import SqlRecord
from stagemail.record.sqlite import SqliteDatabase
from stagemail.record.sqlite_record import SqliteRecord
from stagemail.record.state import open_record

FATAL = 5
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def entries(number: int) -> list[Entry]:
    key = Key("qa", BINDING, f"app-{number:06}")
    return [
        Entry(intent=Intent(f"intent-{number}", "run", key, key.id, "write", NOON)),
        Entry(applied=AppliedResource(key, key.id, {"number": AppliedField(number)})),
    ]


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(record: SqliteRecord, where: str) -> None:
    """Die directly before the next statement that begins with these words, or before the next commit."""
    assert isinstance(record._opened, SqlRecord)
    database = record._opened._database
    assert isinstance(database, SqliteDatabase)
    if where == "COMMIT":
        event.listen(database._reader, "commit", die)
        return

    def die_there(*arguments: Any) -> None:
        if str(arguments[2]).startswith(where):
            die()

    event.listen(database._reader, "before_cursor_execute", die_there)


def main() -> None:
    record = open_record("sqlite:///record.db", Path(sys.argv[1]), randomness=os.urandom, clock=WallClock())
    record.append([Entry(run=Run("run", "qa", "c0ffee", "ann", NOON))], None)
    for number in range(1_000_000):
        if number == FATAL and sys.argv[2:]:
            assert isinstance(record, SqliteRecord)
            arm(record, sys.argv[2])
        record.append(entries(number), None)
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    main()

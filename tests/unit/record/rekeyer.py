"""Changes a record's fingerprint key and kills its own process with SIGKILL directly before one effect.

Run as ``python -m tests.unit.record.rekeyer FOLDER EFFECT``: ``open``, ``fsync-1`` (the new key), ``fsync-2`` (its
folder), a statement, ``COMMIT``, ``rename``, ``fsync-3`` (the folder again) or ``end``.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from tests.unit.record.clocks import WallClock

from stagemail.record.sql import SqlRecord
from stagemail.record.sqlite import SqliteDatabase
from stagemail.record.sqlite_record import SqliteRecord
from stagemail.record.state import open_record

NEW = bytes(range(32))


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(call: Callable[..., Any], fatal: int) -> Callable[..., Any]:
    """The same call, which kills instead of being made for the time of this number."""
    calls = 0

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == fatal:
            die()
        return call(*given, **named)

    return counted


def arm(record: SqliteRecord, where: str) -> None:
    assert isinstance(record._opened, SqlRecord)
    database = record._opened._database
    assert isinstance(database, SqliteDatabase)
    if where == "open":
        os.open = before(os.open, 1)
    elif where.startswith("fsync-"):
        os.fsync = before(os.fsync, int(where[-1]))
    elif where == "rename":
        Path.replace = before(Path.replace, 1)  # type: ignore[method-assign]
    elif where == "COMMIT":
        event.listen(database._reader, "commit", die)
    elif where != "end":

        def die_there(*arguments: Any) -> None:
            if str(arguments[2]).startswith(where):
                die()

        event.listen(database._reader, "before_cursor_execute", die_there)


def main() -> None:
    record = open_record("sqlite:///record.db", Path(sys.argv[1]), randomness=os.urandom, clock=WallClock())
    assert isinstance(record, SqliteRecord)
    record.open_in_full()
    lease = record.acquire("organization", "rekeyer", WallClock().now(), 60)
    arm(record, sys.argv[2])
    record.rekey(NEW, record.applied("qa").resources, lease)
    die()


if __name__ == "__main__":
    main()

"""Appends to a record until it is killed; prints the number of each append once it is acknowledged.

Run as ``python appender.py FOLDER``. Every append holds an intent and a resource with the same number.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.unit.record.clocks import WallClock

from stagemail.model.key import BINDING, Key
from stagemail.model.run import Intent, Run
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record.state import open_record

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def entries(number: int) -> list[Entry]:
    key = Key("qa", BINDING, f"app-{number:06}")
    return [
        Entry(intent=Intent(f"intent-{number}", "run", key, key.id, "write", NOON)),
        Entry(applied=AppliedResource(key, key.id, {"number": AppliedField(number)})),
    ]


def main() -> None:
    record = open_record("sqlite:///record.db", Path(sys.argv[1]), randomness=os.urandom, clock=WallClock())
    record.append([Entry(run=Run("run", "qa", "c0ffee", "ann", NOON))], None)
    for number in range(1_000_000):
        record.append(entries(number), None)
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    main()

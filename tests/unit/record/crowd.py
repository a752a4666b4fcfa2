"""One of many processes that use a record at once: it appends, and counts up what only the lease's holder may change.

Run as ``python -m tests.unit.record.crowd URL FOLDER NAME TURNS``; waits for a line on standard input, so that all
begin together. Prints the fence of each lease that it had.
"""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.unit.record.clocks import WallClock

from stagemail.errors import Busy
from stagemail.model.key import BINDING, Key
from stagemail.model.run import Run
from stagemail.model.secret import Secret
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record.state import KeptRecord, open_record

COUNTER = Key("shared", BINDING, "counter")
SECRET = bytes(range(32)).hex()


def count_up(record: KeptRecord, owner: str) -> int:
    """Read, add one, write: safe only for who holds the lease. Gives its fence, 0 where another holds it."""
    clock = WallClock()
    try:
        lease = record.acquire("organization", owner, clock.now(), 60)
    except Busy:
        return 0
    known = record.applied("shared").resources
    value = known[0].fields["n"].value if known else 0
    assert isinstance(value, int)
    lease = record.renew(lease, clock.now(), 60)
    counter = AppliedResource(COUNTER, "counter", {"n": AppliedField(value + 1)})
    record.append([Entry(applied=counter)], lease)
    record.release(lease)
    return lease.fence


def main() -> None:
    url, folder, name, turns = sys.argv[1:]
    at = datetime.now(UTC)
    first = Run(f"{name}", f"stage-{int(name) % 3}", "c0ffee", "ann", at)
    sys.stdin.readline()
    with open_record(
        url, Path(folder), randomness=os.urandom, clock=WallClock(), secret=lambda: Secret(SECRET)
    ) as record:
        for turn in range(int(turns)):
            mine = replace(first, id=f"{name}-{turn}")
            record.append([Entry(run=mine), Entry(run=mine.ended("done", at, ()))], None)
            sys.stdout.write(f"{count_up(record, name)}\n")


if __name__ == "__main__":
    main()

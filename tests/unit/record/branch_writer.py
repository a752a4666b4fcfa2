"""Writes to a record on a branch and is killed: ``python -m tests.unit.record.branch_writer CLONE MOMENT``.

``after-intents``: its intents are pushed, outcomes wait. ``in-push``: while it pushes the outcomes.
"""

import os
import signal
import sys
from pathlib import Path

from tests.unit.record import branches
from tests.unit.record.test_git_branch import NOON, intent, run, settled

from stagemail.record.git_branch_history import BranchFile


def die(*_: object) -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return False


def main() -> None:
    record = branches.opened(Path(sys.argv[1]))
    lease = record.acquire("org", "killed", NOON, 90)
    record.append([run(), *(intent(number) for number in range(3))], lease)
    record.append(settled(0), lease)
    record.append(settled(1), lease)
    if sys.argv[2] == "after-intents":
        die()
    BranchFile.push = die  # type: ignore[assignment, method-assign]
    record.release(lease)


if __name__ == "__main__":
    main()

"""``python -m tests.failpoints``: a part of the long form, or all of it, with its tables.

``make faults`` plays all parts and the long forms of ``tests/faults`` at one go (``tests.faults``). Not here: the cases
(``cases``), which there are (``matrix``), how a part is played (``parts``).
"""

import argparse
import os
import sys
import time

from tests.failpoints.cases import KINDS, SCENARIOS
from tests.failpoints.parts import STATES, Asked, kills, matrix
from tests.failpoints.table import shown


def main() -> int:
    """Play it; 1 where a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.failpoints", description=__doc__)
    parser.add_argument("--only", choices=["matrix", "kills"])
    parser.add_argument("--state", choices=STATES, action="append")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), action="append")
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--share", type=int, default=1, help="Play every so many-th case only.")
    parser.add_argument("--minutes", type=float, default=240.0, help="Stop each part after so long.")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    given = parser.parse_args()
    rows = []
    for state in given.state or STATES:
        asked = Asked(
            state, given.workers, given.seed, time.monotonic() + given.minutes * 60,
            tuple(given.scenario or SCENARIOS), tuple(given.kind or KINDS), given.share,
        )  # fmt: skip
        if given.only != "kills":
            rows += matrix(asked)
        if given.only != "matrix":
            rows += [kills(asked, scenario, given.kills) for scenario in given.scenario or ["apply"]]
    sys.stdout.write(shown(rows))
    return int(any(row.is_bad for row in rows))


if __name__ == "__main__":
    sys.exit(main())

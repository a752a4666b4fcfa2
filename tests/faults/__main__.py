"""``make faults``: the long form of all faults at one go, with one table at its end.

``FAULTS=quick`` plays a twentieth, ``SHARE=1/4`` a quarter, ``MINUTES=60`` begins no case after so long. The exit code
is 1 where a case failed, or was left out because the time was over. Not here: the cases (``tests.failpoints``, and the
tests of this folder that are marked ``faults``).
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.failpoints.cases import SCENARIOS
from tests.failpoints.parts import STATES, Asked, kills, matrix
from tests.failpoints.table import Row, shown

KILLS = {("apply", "sqlite"): 2000, ("apply", "postgresql"): 300,
         ("controller", "sqlite"): 300, ("controller", "postgresql"): 300}  # fmt: skip
QUICK = 20


class Marked:
    """The tests that are marked ``faults``, as rows: a plugin of pytest. Every ``share``-th is begun ``until`` then."""

    def __init__(self, share: int, until: float) -> None:
        self._share, self._until = share, until
        self._cases: dict[str, dict[str, bool]] = {}
        self._seconds: dict[str, float] = {}
        self._wanted: dict[str, int] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept = items[:: self._share]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
        for item in items:
            where = item.nodeid.partition("::")[0]
            self._wanted[where] = self._wanted.get(where, 0) + 1

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if time.monotonic() > self._until:
            pytest.skip("the time is over")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        where, _, name = report.nodeid.partition("::")
        self._seconds[where] = self._seconds.get(where, 0.0) + report.duration
        known = self._cases.setdefault(where, {})
        if report.skipped:
            known.pop(name, None)
        elif report.when == "call" or report.failed:
            known[name] = known.get(name, True) and report.passed

    def rows(self) -> list[Row]:
        """A row for each module."""
        rows = []
        for where, count in sorted(self._wanted.items()):
            done = self._cases.get(where, {})
            seconds = self._seconds.get(where, 0.0)
            rows.append(Row(Path(where).name, count, len(done), sum(done.values()), seconds))
        return rows


def marked(share: int, until: float) -> list[Row]:
    """Run them, one after the other: some of them need the whole machine."""
    found = Marked(share, until)
    imported = "-Wignore::pytest.PytestAssertRewriteWarning"  # what the other parts have imported is no test
    code = pytest.main(["-q", imported, "-m", "faults", str(Path(__file__).parent)], plugins=[found])
    rows = found.rows()
    if code and not any(row.is_bad for row in rows):
        rows.append(Row("tests/faults as a whole", 1, 1, 0, note=f"pytest ended with {int(code)}"))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Play everything; 1 where a case failed or was left out."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--share", default="1", help="1/4: every fourth case.")
    parser.add_argument("--quick", action="store_true", help=f"As --share 1/{QUICK}.")
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    given = parser.parse_args(arguments)
    share = QUICK if given.quick else int(given.share.rpartition("/")[2])
    until = time.monotonic() + given.minutes * 60
    rows: list[Row] = []
    for state in STATES:
        asked = Asked(state, given.workers, given.seed, until, tuple(SCENARIOS), share=share)
        rows += matrix(asked)
        sys.stdout.write(shown(rows))
    for (scenario, state), count in reversed(KILLS.items()):
        rows.append(kills(Asked(state, given.workers, given.seed, until, (scenario,), share=share), scenario, count))
        sys.stdout.write(shown(rows[-1:]))
    rows += marked(share, until)
    sys.stdout.write(shown(rows))
    return int(any(row.is_bad for row in rows))


if __name__ == "__main__":
    sys.exit(main())

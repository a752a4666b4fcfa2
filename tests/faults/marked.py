"""The tests that are marked ``faults``, as rows of the table: the long forms, run by pytest one after the other.

Not here: the tests.
"""

import re
import time
from pathlib import Path
from typing import Final

import pytest
from tests.failpoints.kept import Kept
from tests.failpoints.table import Row
from tests.failpoints.world import ROOT

PART: Final = "marked"
_MARK: Final = re.compile(r"\bmarks?\.faults\b")


class Marked:
    """A plugin of pytest that counts them. Every ``share``-th is begun ``until`` then; those that are kept are not."""

    def __init__(self, share: int, until: float, kept: Kept) -> None:
        self._share, self._until, self._kept = share, until, kept
        self._cases: dict[str, bool] = {line["test"]: True for line in kept.of(PART)}
        self._seconds: dict[str, float] = {}
        self._wanted: list[str] = []
        self._why: dict[str, set[str]] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        shared = items[:: self._share]
        self._wanted = [item.nodeid for item in shared]
        left = [item for item in shared if item.nodeid not in self._cases]
        config.hook.pytest_deselected(items=[item for item in items if item not in left])
        items[:] = left

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if time.monotonic() > self._until:
            pytest.skip("the time was over")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        where, name = _module(report.nodeid), report.nodeid
        self._seconds[where] = self._seconds.get(where, 0.0) + report.duration
        if report.skipped:
            self._cases.pop(name, None)
            reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._why.setdefault(where, set()).add(reason.removeprefix("Skipped: "))
        elif report.when == "call" or report.failed:
            self._cases[name] = self._cases.get(name, True) and report.passed
        if report.when == "teardown" and self._cases.get(name):
            self._kept.add(PART, test=name)

    def rows(self) -> list[Row]:
        """A row for each module."""
        rows = []
        for where in sorted({_module(test) for test in self._wanted}):
            wanted = [test for test in self._wanted if _module(test) == where]
            done = [self._cases[test] for test in wanted if test in self._cases]
            note = "; ".join(sorted(self._why.get(where, ())))
            rows.append(Row(Path(where).name, len(wanted), len(done), sum(done), self._seconds.get(where, 0.0), note))
        return rows


def marked(share: int, until: float, kept: Kept) -> list[Row]:
    """Run them, one after the other: some of them need the whole machine."""
    found = Marked(share, until, kept)
    imported = "-Wignore::pytest.PytestAssertRewriteWarning"  # what the other parts have imported is no test
    code = pytest.main(["-q", imported, "-m", "faults", *modules()], plugins=[found])
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    rows = found.rows()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) and not any(row.is_bad for row in rows):
        rows.append(Row("tests that are marked `faults`", 1, 1, 0, note=f"pytest ended with {int(code)}"))
    return rows


def modules() -> list[str]:
    """Every module that has one, wherever it is."""
    return sorted(str(p) for p in (ROOT / "tests").rglob("test_*.py") if _MARK.search(p.read_text(encoding="utf-8")))


def _module(test: str) -> str:
    return test.partition("::")[0]

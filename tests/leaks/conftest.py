"""The acceptance tests' benches, and the line at the end that says how much was driven."""

import pytest

from tests.acceptance.conftest import applied, bench, make_bench  # noqa: F401 - fixtures
from tests.leaks.test_driving import COUNTED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the driving test counted; with xdist its processes keep it to themselves."""
    for line in COUNTED:
        terminalreporter.write_line(line)

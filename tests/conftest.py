"""For every test: what is not installed may skip a test on a developer's machine, and fails it where CI says so.

Coverage is measured where single parts are held to what they promise; the tests that drive whole installations, often
by hundreds of processes, and the laws, by thousands of examples, are run without it: measuring doubled what they cost.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

from tests.postgresql import PostgreSql, require

STRICT = "STAGEMAIL_TESTS_STRICT"
UNMEASURED = (
    "docs", "failpoints", "faults", "leaks", "packaging", "postfix", "workflows",
    "acceptance/test_interrupted", "acceptance/test_onboarding", "acceptance/test_outside",
    "acceptance/test_permissions", "acceptance/test_read_only", "acceptance/test_rotation",
)  # fmt: skip
"""Tests whose lines do not count: what only they reach is not covered."""
DEAR = (
    "failpoints", "leaks/test_driving", "workflows", "faults", "acceptance", "leaks", "docs", "packaging", "emulator",
)  # fmt: skip
"""What begins first, the dearest first: a long test that begins last keeps one core while the others have nothing."""
AGAIN = ("acceptance", "docs", "failpoints", "faults", "leaks", "packaging", "postfix", "workflows")
"""Tests that drive processes by the dozen: one that fails beside others is played once more, and
a run that needed that names it (RERUN in the summary). Alone (without ``-n``) nothing is played twice."""
MEASURE = "COVERAGE_PROCESS_CONFIG"
"""By this variable processes are measured as well (coverage's ``patch = subprocess``)."""

settings.register_profile("stagemail", deadline=None)  # no timing decides a test
settings.load_profile("stagemail")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds (builds, installs, many kills)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((n for n, path in enumerate(DEAR) if _path(item).startswith(path)), len(DEAR)))
    for item in items:
        if os.environ.get("PYTEST_XDIST_WORKER") and _path(item).startswith(AGAIN):
            item.add_marker(pytest.mark.flaky(reruns=1))


def _path(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).as_posix()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    path = _path(item)
    law = isinstance(item, pytest.Function) and is_hypothesis_test(item.obj)
    if law or path.startswith(UNMEASURED):
        with _unmeasured(item.config):
            return (yield)
    return (yield)


@contextmanager
def _unmeasured(config: pytest.Config) -> Iterator[None]:
    """Stop pytest-cov's measuring, if it is on, of this process and of those that begin."""
    plugin = config.pluginmanager.get_plugin("_cov")
    controller = getattr(plugin, "cov_controller", None)
    if controller is None:
        yield
        return
    variable = os.environ.pop(MEASURE, None)
    controller.pause()
    try:
        yield
    finally:
        controller.resume()
        if variable is not None:
            os.environ[MEASURE] = variable


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    reason = str(call.excinfo.value) if call.excinfo and report.skipped else ""
    if os.environ.get(STRICT) and "is not installed" in reason:
        report.outcome = "failed"
        report.longrepr = f"{STRICT} is set and {reason}"
    return report


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see neither the user's configuration nor the caller's Git variables."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "STAGEMAIL_", "PG")) and name != STRICT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """One PostgreSQL for all tests of this process; a test that stops it starts it again."""
    require()
    server = PostgreSql()
    yield server
    server.close()


@pytest.fixture
def database(postgresql: PostgreSql) -> Iterator[str]:
    """The address of an empty database of this test's own, without a password in it."""
    name = postgresql.create()
    yield postgresql.url(name)
    postgresql.drop(name)

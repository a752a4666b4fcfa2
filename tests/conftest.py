"""For every test: what is not installed may skip a test on a developer's machine, and fails it where CI says so."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgresql import PostgreSql, require

STRICT = "STAGEMAIL_TESTS_STRICT"

settings.register_profile("stagemail", deadline=None)  # no timing decides a test
settings.load_profile("stagemail")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds (builds, installs, many kills)")


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

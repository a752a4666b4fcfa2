"""Benches for the acceptance tests: a repository, an emulated platform under a profile, and the CLI between them."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.bench import PASSWORD, SPEED, Bench, make_repository

from odc_emulator.seed import SECRET
from odc_emulator.server import EmulatorServer
from stagemail.resources.location import sample_folder

MakeBench = Callable[..., Bench]
_MAPPINGS: dict[str, str] = {}
"""A mapping per profile: keys are made from names, so one that was found serves every emulator of the profile."""


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def make_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[MakeBench]:
    """A bench under a profile; ``discovered`` False leaves the mapping to the test."""
    with ExitStack() as stack:

        def make(profile: str = "guid-pending", *, discovered: bool = True, **options: Any) -> Bench:
            since = datetime.now(UTC).isoformat()
            emulator = stack.enter_context(EmulatorServer(profile, speed=SPEED, **options))
            environment = {
                "STAGEMAIL_ODC_CLIENT_SECRET": SECRET,
                "STAGEMAIL_SMTP_QA": PASSWORD,
                "STAGEMAIL_CLOCK_SPEED": f"{SPEED}@{since}",
                "COLUMNS": "80",
            }
            mapping = _MAPPINGS.get(profile) if discovered else None
            make_repository(tmp_path, sample_folder(), emulator.url, mapping)
            bench = Bench(tmp_path, emulator, environment, monkeypatch, capsys)
            if discovered and mapping is None:
                bench.run("target", "discover", "--write")
                _MAPPINGS[profile] = bench.read("odc-mapping.yaml")
                bench.commit("Map our fields to the platform's")
            return bench

        yield make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """A bench under the default profile with its mapping committed."""
    return make_bench()


@pytest.fixture
def applied(bench: Bench) -> Bench:
    """A bench whose QA stage is as Git wants it."""
    bench.run("apply", "qa")
    return bench

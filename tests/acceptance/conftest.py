"""Benches for the acceptance tests: a repository, an emulated platform under a profile, and the CLI between them."""

import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.bench import PASSWORD, SPEED, Bench, make_repository

from odc_emulator.seed import SECRET
from odc_emulator.server import EmulatorServer
from stagemail.resources.location import sample_folder

_MAPPINGS: dict[str, str] = {}
"""A mapping per profile: keys are made from names, so one that was found serves every emulator of the profile."""


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Benches:
    """Makes benches, and ends their platforms."""

    def __init__(
        self, folder: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self._stack = stack
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(
        self, profile: str = "guid-pending", *, discovered: bool = True, speed: float = SPEED, **options: Any
    ) -> Bench:
        """A new organization and a new repository; ``discovered`` False leaves the mapping to the test."""
        bench = self._open(datetime.now(UTC).isoformat(), EmulatorServer(profile, speed=speed, **options), speed)
        mapping = _MAPPINGS.get(profile) if discovered else None
        make_repository(self.folder, sample_folder(), bench.emulator.url, mapping)
        if discovered and mapping is None:
            bench.run("target", "discover", "--write")
            _MAPPINGS[profile] = bench.read("odc-mapping.yaml")
            bench.commit("Map our fields to the platform's")
        return bench

    def again(self, kept: Path) -> Bench:
        """An organization and a repository as they were kept, on another address."""
        shutil.copytree(kept, self.folder, dirs_exist_ok=True)
        since = (self.folder / "since").read_text(encoding="utf-8")
        bench = self._open(since, EmulatorServer(None, speed=SPEED, state=self.folder / "odc.db"), SPEED)
        text = bench.read("stagemail.yaml")
        text = re.sub("domain: .*", f"domain: {bench.emulator.url}", text)
        bench.write("stagemail.yaml", re.sub("path: /.*/secrets", f"path: {self.folder / 'secrets'}", text))
        return bench

    def keep(self, bench: Bench, kept: Path) -> None:
        """Keep both for ``again``; the platform is ended for it."""
        self._stack.close()
        since = bench.environment["STAGEMAIL_CLOCK_SPEED"].partition("@")[2]
        (self.folder / "since").write_text(since, encoding="utf-8")
        shutil.move(self.folder, kept)
        self.folder.mkdir()

    def _open(self, since: str, emulator: EmulatorServer, speed: float) -> Bench:
        environment = {
            "STAGEMAIL_ODC_CLIENT_SECRET": SECRET,
            "STAGEMAIL_SMTP_QA": PASSWORD,
            "STAGEMAIL_CLOCK_SPEED": f"{speed}@{since}",
            "COLUMNS": "80",
        }
        return Bench(self.folder, self._stack.enter_context(emulator), environment, self._monkeypatch, self._capsys)


MakeBench = Benches


@pytest.fixture
def make_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[MakeBench]:
    """Makes benches under any profile."""
    folder = tmp_path / "bench"
    folder.mkdir()
    with ExitStack() as stack:
        yield Benches(folder, stack, monkeypatch, capsys)


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """A bench under the default profile with its mapping committed."""
    return make_bench()


@pytest.fixture
def applied(make_bench: MakeBench, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench whose QA stage is as Git wants it; made once, and copied."""
    kept = tmp_path_factory.getbasetemp() / "applied"
    if not kept.exists():
        first = make_bench(state=make_bench.folder / "odc.db")
        first.run("apply", "qa")
        make_bench.keep(first, kept)
    return make_bench.again(kept)

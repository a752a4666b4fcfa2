"""Places in which pages are followed: an empty folder beside a local ODC, and a repository with the sample applied."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.docs.session import environment

from odc_emulator.server import EmulatorServer
from stagemail.resources.location import sample_folder

SPEED = 60
"""Emulated seconds in a second."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is followed: the folder to begin in, its environment, the local platform's address."""

    folder: Path
    env: dict[str, str]
    url: str


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """A port on loopback that is held for the applied platform, so that its copies keep its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Place]:
    """Nothing but a local ODC."""
    folder = tmp_path / "here"
    folder.mkdir()
    with EmulatorServer(speed=SPEED) as emulator:
        yield Place(folder, environment(tmp_path / "home"), emulator.url)


@pytest.fixture
def applied(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Place]:
    """The sample's QA in a repository, mapped, committed and applied; made once, and copied."""
    kept = tmp_path_factory.getbasetemp() / "applied-place"
    if not kept.exists():
        made = tmp_path_factory.mktemp("applied-place-made")
        _apply(made / "place", port)
        (made / "place").rename(kept)
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    since = (tmp_path / "since").read_text(encoding="utf-8")
    with EmulatorServer(speed=SPEED, state=tmp_path / "odc.db", port=port) as emulator:
        yield _place(tmp_path, emulator.url, since)


def _apply(top: Path, port: int) -> None:
    folder, since = top / "here" / "mail-config", datetime.now(UTC).isoformat()
    shutil.copytree(sample_folder() / "environments", folder / "environments")
    (top / "since").write_text(since, encoding="utf-8")
    with EmulatorServer(speed=SPEED, state=top / "odc.db", port=port) as emulator:
        operator = (sample_folder() / "stagemail.yaml").read_text(encoding="utf-8")
        operator = operator.replace("example.outsystems.dev", emulator.url)
        (folder / "stagemail.yaml").write_text(operator, encoding="utf-8")
        (folder / ".gitignore").write_text("stagemail.db*\n", encoding="utf-8")
        place = _place(top, emulator.url, since)
        for line in (
            "git init --quiet",
            "stagemail target discover --write",
            "git add --all",
            "git commit --quiet --message Mail",
            "stagemail apply qa",
        ):
            done = subprocess.run(
                line.split(), cwd=folder, env=place.env, capture_output=True, text=True, check=False, timeout=120
            )
            assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"


def _place(top: Path, url: str, since: str) -> Place:
    env = {
        **environment(top / "home"),
        "STAGEMAIL_ODC_CLIENT_SECRET": "emulator-secret",
        "STAGEMAIL_SMTP_QA": "no-word-of-any-page",
        "STAGEMAIL_CLOCK_SPEED": f"{SPEED}@{since}",
        "ODC_EMULATOR_URL": url,
    }
    return Place(top / "here" / "mail-config", env, url)

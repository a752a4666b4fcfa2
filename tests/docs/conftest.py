"""Places in which pages are followed: an empty folder beside a local ODC, and a repository with the sample applied."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from docs.generate.readme_plan import platform
from tests.docs.session import environment

from stagemail.resources.location import sample_folder


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is followed: the folder to begin in, its environment, the local platform's address."""

    folder: Path
    env: dict[str, str]
    url: str


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Place]:
    """Nothing but a local ODC."""
    with platform(tmp_path) as url:
        env = environment(tmp_path / "home")
        folder = tmp_path / "here"
        folder.mkdir()
        yield Place(folder, env, url)


@pytest.fixture
def applied(empty: Place) -> Place:
    """The sample's QA in a repository, mapped, committed and applied."""
    folder = empty.folder / "mail-config"
    shutil.copytree(sample_folder() / "environments", folder / "environments")
    operator = (sample_folder() / "stagemail.yaml").read_text(encoding="utf-8")
    (folder / "stagemail.yaml").write_text(operator.replace("example.outsystems.dev", empty.url), encoding="utf-8")
    (folder / ".gitignore").write_text("stagemail.db*\n", encoding="utf-8")
    env = {
        **empty.env,
        "STAGEMAIL_ODC_CLIENT_SECRET": "emulator-secret",
        "STAGEMAIL_SMTP_QA": "no-word-of-any-page",
        "STAGEMAIL_CLOCK_SPEED": f"60@{datetime.now(UTC).isoformat()}",
        "ODC_EMULATOR_URL": empty.url,
    }
    for line in (
        "git init --quiet",
        "stagemail target discover --write",
        "git add --all",
        "git commit --quiet --message Mail",
        "stagemail apply qa",
    ):
        done = subprocess.run(line.split(), cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    return Place(folder, env, empty.url)

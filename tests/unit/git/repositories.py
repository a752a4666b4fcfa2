"""Real repositories, made by the real git."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

GitRun = Callable[..., str]


def _run(home: Path, at: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
        "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    }
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=at, env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def run_git(tmp_path: Path) -> GitRun:
    """Run git as a person would, with a home of its own: ``run_git(folder, "commit", …)``."""
    home = tmp_path / "home-of-git"
    home.mkdir()
    return partial(_run, home)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template")
    top = home / "clone"
    folder = top / "environments" / "qa"
    folder.mkdir(parents=True)
    _run(home, top, "init", "--quiet", "--template=", "--initial-branch=main")
    (folder / "a.yaml").write_bytes(b"a: 1\nb: 2\n")
    (top / "README.md").write_bytes(b"hello\n")
    _run(home, top, "add", ".")
    _run(home, top, "commit", "--quiet", "-m", "First")
    (folder / "a.yaml").write_bytes(b"a: 1\nb: 3\n")
    (folder / "b.yaml").write_bytes(b"b: 1\n")
    _run(home, top, "add", ".")
    _run(home, top, "commit", "--quiet", "-m", "Second")
    return top


@pytest.fixture
def clone(tmp_path: Path, template: Path) -> Path:
    """A repository with two commits: ``a.yaml``, then ``a.yaml`` and ``b.yaml`` in ``environments/qa``."""
    return Path(shutil.copytree(template, tmp_path / "clone", symlinks=True))

"""A remote and clones of it, made once by the real git and copied; and records on a branch of that remote."""

import atexit
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.unit.record.clocks import WallClock

from stagemail.model.secret import Secret
from stagemail.record.git_branch import GitBranchRecord
from stagemail.record.state import open_record

BRANCH = "stagemail-record"
STATE = f"git-branch:{BRANCH}"
KEY = "0123456789abcdef0123456789abcdef-of-a-test"


def run_git(at: Path, *arguments: str, stdin: str = "") -> str:
    """Git as a person would run it, with a home and a name of its own."""
    who = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "Ada"), ("EMAIL", "a@b.example"))}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **who}
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=at, env=environment, capture_output=True, text=True, check=True, timeout=60, input=stdin,
    )  # fmt: skip
    return done.stdout.strip()


@cache
def _template() -> Path:
    top = Path(mkdtemp(prefix="stagemail-test-"))
    atexit.register(shutil.rmtree, top, ignore_errors=True)
    (top / "work").mkdir()
    run_git(top / "work", "init", "--quiet", "--template=", "--initial-branch=main")
    for number in range(2):
        (top / "work/README.md").write_text(f"documents {number}\n")
        run_git(top / "work", "add", ".")
        run_git(top / "work", "commit", "--quiet", "-m", f"Documents {number}")
    run_git(top, "clone", "--quiet", "--bare", "--template=", "work", "remote.git")
    run_git(top / "remote.git", "config", "receive.denyDeletes", "false")
    return top


def remote(folder: Path) -> Path:
    """A bare repository with two commits of documents."""
    return Path(shutil.copytree(_template() / "remote.git", folder / "remote.git"))


def clone(of: Path, name: str = "clone", *options: str) -> Path:
    """A clone beside its remote."""
    run_git(of.parent, "clone", "--quiet", "--template=", *options, f"file://{of}", name)
    return of.parent / name


def opened(at: Path, **changes: Any) -> GitBranchRecord:
    """The record on the branch of the clone's remote."""
    given: dict[str, Any] = {"randomness": os.urandom, "clock": WallClock(), "secret": lambda: Secret(KEY)}
    record = open_record(STATE, at, **(given | changes))
    assert isinstance(record, GitBranchRecord)
    return record


def lines(of: Path) -> list[str]:
    """The record's lines, as the remote has them."""
    return run_git(of, "show", f"{BRANCH}:record.jsonl").split("\n")


def pushes(of: Path) -> int:
    """How many commits the branch has."""
    return int(run_git(of, "rev-list", "--count", BRANCH))

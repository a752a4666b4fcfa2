"""The plan in the README: what ``stagemail plan qa`` prints for the sample on a fresh local platform, 80 columns wide.

Commit and platform are the same each time, so the text is. Not here: the story (``stagemail demo``).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stagemail.resources.location import sample_folder

WHEN: Final = "2026-01-01T00:00:00Z"
SPEED: Final = "60"
"""Emulated seconds in a second."""
PATIENCE: Final = 20.0
"""Seconds that the local platform may take to listen."""


def plan() -> str:
    """The fenced block of the README. Raises RuntimeError where a command fails."""
    with tempfile.TemporaryDirectory(prefix="stagemail-readme-") as folder, platform(Path(folder)) as url:
        return f"```console\n$ stagemail plan qa\n{_planned(Path(folder), url)}```\n"


def _planned(folder: Path, url: str) -> str:
    repository, trusted = folder / "repository", folder / "trusted"
    shutil.copytree(sample_folder() / "environments", repository / "environments")
    trusted.mkdir()
    operator = (sample_folder() / "stagemail.yaml").read_text(encoding="utf-8")
    (trusted / "stagemail.yaml").write_text(operator.replace("example.outsystems.dev", url), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "STAGEMAIL_"))},
        "STAGEMAIL_ODC_CLIENT_SECRET": "emulator-secret",
        "STAGEMAIL_SMTP_QA": "secret",
        "STAGEMAIL_CONFIG": str(trusted / "stagemail.yaml"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_DATE": WHEN,
        "GIT_COMMITTER_DATE": WHEN,
        "COLUMNS": "80",
        "PYTHONUTF8": "1",
    }
    identity = ["-c", "user.name=Ada Admin", "-c", "user.email=ada@example.com"]
    for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "-qm", "Mail"]):
        _run(["git", *identity, *arguments], repository, environment)
    _run([program("stagemail"), "target", "discover", "--write"], repository, environment)
    return _run([program("stagemail"), "plan", "qa"], repository, environment)


@contextmanager
def platform(folder: Path) -> Iterator[str]:
    """A local ODC on a free port; gives its address."""
    port_file = folder / "port"
    command = [program("odc-emulator"), "serve", "--port-file", str(port_file), "--speed", SPEED]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
        while not port_file.exists():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("odc-emulator serve does not start")
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port_file.read_text(encoding='utf-8').strip()}"
    finally:
        process.terminate()
        process.wait(10)


def program(name: str) -> str:
    """A console script of this interpreter's environment."""
    return str(Path(sys.executable).with_name(name))


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exits with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout

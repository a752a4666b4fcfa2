"""A wheel built from this checkout, and environments of their own to install it into.

A new environment sees the libraries of the running one through a path file, so that only stagemail is installed and
nothing is downloaded. Only an editable build may have to: hatchling asks for ``editables`` then, as ``make`` does, and
where that is not installed beside it pip builds in an environment of its own.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("controller", "schemas", "environments", "docs", "pyproject.toml", "README.md", "LICENSE", "stagemail.yaml")
"""What a build reads."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, and a folder outside every repository to run its commands in."""

    folder: Path
    outside: Path

    def run(self, program: str, *arguments: str, code: int = 0) -> str:
        """Run one of its programs outside the repository; gives what it printed."""
        done = subprocess.run(
            [str(self.folder / "bin" / program), *arguments], cwd=self.outside, env=settings(), capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{program} {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def python(self, text: str) -> str:
        """Run a line of Python in it."""
        return self.run("python", "-c", text).strip()


def settings() -> dict[str, str]:
    """This process's environment without what would lead Python or stagemail back into the checkout."""
    return {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "STAGEMAIL_", "GIT_", "VIRTUAL_ENV"))}


BESIDE = ("--no-index", "--no-build-isolation")
"""Build with what is installed here, ask no index."""


def pip(*arguments: str) -> None:
    """The running environment's pip; stagemail's libraries are never installed again."""
    command = [sys.executable, "-m", "pip", *arguments, "--no-deps", "--quiet"]
    done = subprocess.run(command, env=settings(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a build reads: building must not write into the checkout that others test."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", *BESIDE, "--wheel-dir", str(folder), str(checkout))
    (found,) = folder.glob("*.whl")
    return found


def environment(folder: Path) -> Environment:
    """A new environment without stagemail."""
    venv.create(folder / "venv", with_pip=False)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (folder / "outside").mkdir()
    return Environment(folder / "venv", folder / "outside")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel installed."""
    made = environment(tmp_path_factory.mktemp("installed"))
    pip("--python", str(made.folder / "bin" / "python"), "install", *BESIDE, str(wheel))
    return made


@pytest.fixture(scope="session")
def editable(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The checkout installed so that its files are used in place."""
    made = environment(tmp_path_factory.mktemp("editable"))
    how = BESIDE if find_spec("editables") else ()
    pip("--python", str(made.folder / "bin" / "python"), "install", *how, "--editable", str(checkout))
    return made

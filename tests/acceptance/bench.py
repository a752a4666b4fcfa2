"""The workbench of the acceptance tests: the committed sample in a Git repository, an emulated platform, the CLI.

Not here: what is expected of them (the tests).
"""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.tied import TIED

from odc_emulator.server import EmulatorServer
from stagemail.cli.main import main

PASSWORD = "acceptance-smtp-password"
SPEED = 100
PATIENCE = 180.0
"""Seconds of real time that anything may take."""
GIT = ["git", "-c", "user.name=Ada Admin", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]


@dataclass(frozen=True, slots=True)
class Said:
    """What one command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything that a person sees, lines joined."""
        return " ".join((self.out + "\n" + self.err).split())

    def shows(self, *expected: str) -> "Said":
        """It says all of this, wherever its lines break."""
        for text in expected:
            assert text in self.text, f"{text!r} is not in:\n{self.out}\n{self.err}"
        return self

    def hides(self, *unexpected: str) -> "Said":
        """It says none of this."""
        for text in unexpected:
            assert text not in self.out + self.err, f"{text!r} is in:\n{self.out}\n{self.err}"
        return self


class Bench:
    """One repository beside one emulated platform."""

    def __init__(
        self,
        folder: Path,
        emulator: EmulatorServer,
        environment: Mapping[str, str],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.platform = emulator.control
        self.emulator = emulator
        self.environment = dict(environment)
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str, expect: int | None = 0, cwd: Path | None = None) -> Said:
        """A command as an admin types it, in this process."""
        for name, value in self.environment.items():
            self._monkeypatch.setenv(name, value)
        self._monkeypatch.chdir(cwd or self.repository)
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        captured = self._capsys.readouterr()
        said = Said(int(left.value.code or 0), captured.out, captured.err)
        shown = f"stagemail {' '.join(arguments)}\n{said.out}\n{said.err}"
        assert expect is None or said.code == expect, f"exit code {said.code}, not {expect}: {shown}"
        assert "Traceback" not in said.out + said.err, shown
        assert "defect of stagemail" not in said.err, shown
        assert PASSWORD not in said.out + said.err, "the password is shown"
        return said

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """The same as a process of its own, for signals."""
        program = [*TIED, sys.executable, "-c", "from stagemail.cli.main import main; main()", *arguments]
        return subprocess.Popen(
            program,
            cwd=self.repository,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def unset(self, name: str) -> None:
        """Take a variable away from the commands that follow."""
        self.environment.pop(name, None)
        self._monkeypatch.delenv(name, raising=False)

    def read(self, path: str) -> str:
        """A file of the repository."""
        return (self.repository / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str, *, commit: bool = True) -> None:
        """Write a file and commit it."""
        target = self.repository / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        if commit:
            self.commit(f"Change {path}")

    def change(self, path: str, old: str, new: str, *, commit: bool = True) -> None:
        """Replace a piece of a file and commit it."""
        text = self.read(path)
        assert old in text, f"{old!r} is not in {path}"
        self.write(path, text.replace(old, new), commit=commit)

    def commit(self, message: str = "Change") -> str:
        """Commit everything; gives the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Git in the repository."""
        done = subprocess.run(
            [*GIT, *arguments], cwd=self.repository, capture_output=True, text=True, check=True, timeout=PATIENCE
        )
        return done.stdout.strip()

    def ledger(self, since: int = 0) -> list[dict[str, Any]]:
        """The writes that the platform took, also those whose answer was lost."""
        rows = self.platform.ledger()[since:]
        return [row for row in rows if row["fault"] not in ("drop-before", "status") and (row["status"] or 0) < 300]

    def writes(self, since: int = 0) -> Counter[tuple[str, str]]:
        """How often what was written where: ``("PATCH", "QA/CRM")``; a stage's own settings are ``"QA"``."""
        return Counter(
            (row["method"], f"{row['stage']}/{row['app']}" if row["app"] else str(row["stage"]))
            for row in self.ledger(since)
        )

    def mark(self) -> int:
        """Where the ledger is now."""
        return len(self.platform.ledger())

    def files(self) -> bytes:
        """Every byte that stagemail left in the repository's folder, Git's own left out."""
        found = [p for p in sorted(self.repository.rglob("*")) if p.is_file() and ".git" not in p.parts]
        return b"".join(p.read_bytes() for p in found)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for it, at most ``PATIENCE`` seconds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"{what} within {PATIENCE} s"
            time.sleep(0.01)  # each look costs the emulator time that the command under test needs


def make_repository(folder: Path, sample: Path, url: str, mapping: str | None) -> None:
    """The sample as a Git repository whose operator file names the emulated platform."""
    repository = folder / "repository"
    shutil.copytree(sample / "environments", repository / "environments")
    secrets = folder / "secrets"
    secrets.mkdir()
    (secrets / "smtp-production").write_text(PASSWORD, encoding="utf-8")
    (secrets / "smtp-production").chmod(0o600)
    operator = (sample / "stagemail.yaml").read_text(encoding="utf-8")
    operator = operator.replace("domain: example.outsystems.dev", f"domain: {url}")
    operator = operator.replace("path: /run/secrets/stagemail", f"path: {secrets}")
    operator = operator.replace('["smtp.example.com:587"]', '["smtp.example.com:587", "smtp.example.com:2587"]')
    (repository / "stagemail.yaml").write_text(operator, encoding="utf-8")
    (repository / ".gitignore").write_text("stagemail.db*\n", encoding="utf-8")
    if mapping is not None:
        (repository / "odc-mapping.yaml").write_text(mapping, encoding="utf-8")
    subprocess.run([*GIT, "init", "--quiet", "--initial-branch", "main"], cwd=repository, check=True)
    subprocess.run([*GIT, "add", "--all"], cwd=repository, check=True)
    subprocess.run([*GIT, "commit", "--quiet", "--message", "Describe the mail"], cwd=repository, check=True)

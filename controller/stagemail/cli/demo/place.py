"""Where the demo plays: a local ODC and stagemail's inbox as processes, this repository's sample in a Git repository.

Everything is on loopback and in one folder; every process that is started is stopped. Not here: the story.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stagemail.cli.demo.telling import Teller, require, typed
from stagemail.errors import NotFound
from stagemail.resources.location import sample_folder

PASSWORD = "demo-smtp-password"  # noqa: S105 - of the local mail sink that lives as long as the demo
MAIL_PORTS = ("587", "2587")
PATIENCE = 20.0
"""Seconds that a process may take to listen."""


@dataclass
class Place:
    """The running demo. ``url`` is the local platform, ``repository`` the Git checkout, ``mail`` the inbox's folder."""

    folder: Path
    teller: Teller
    environment: Mapping[str, str]
    url: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def repository(self) -> Path:
        """The checkout in which an admin works."""
        return self.folder / "repository"

    @property
    def mail(self) -> Path:
        """What arrived."""
        return self.folder / "mail"

    @classmethod
    @contextmanager
    def prepare(cls, folder: Path, speed: float, teller: Teller) -> Iterator["Place"]:
        """Start everything; stop it at the end, whatever happened."""
        folder.mkdir(parents=True, exist_ok=True)
        place = cls(folder, teller, _environment(speed))
        try:
            place.start(speed)
            yield place
        finally:
            place.stop()

    def start(self, speed: float) -> None:
        """The inbox, the platform that finds it under smtp.example.com, the repository."""
        (self.folder / "smtp-password").write_text(PASSWORD, encoding="utf-8")
        login = ("--user", "mailer@example.com", "--password-file", str(self.folder / "smtp-password"))
        names = ("--name", "smtp.example.com", "--name", "localhost")
        sink = self._serve("stagemail", "inbox", "serve", "--port", "0", "--folder", str(self.mail), *login, *names)
        resolve = [f"--resolve=smtp.example.com:{port}=127.0.0.1:{sink}" for port in MAIL_PORTS]
        arguments = [
            "--profile",
            "guid-pending",
            "--speed",
            str(speed),
            "--ca-file",
            str(self.mail / "certificate.pem"),
            *resolve,
        ]
        port = self._serve("odc-emulator", "serve", "--state", str(self.folder / "odc.db"), *arguments)
        self.url = f"http://127.0.0.1:{port}"
        self._repository(sink)

    def stop(self) -> None:
        """End every process that was started here."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def stagemail(self, *arguments: str, expect: int = 0, shows: Sequence[str] = ()) -> str:
        """Run a command as an admin types it; its exit code and what it says are checked."""
        return self._run("stagemail", arguments, arguments, expect, shows)

    def emulator(self, *arguments: str, shows: Sequence[str] = ()) -> str:
        """Do something on the platform by hand."""
        return self._run("odc-emulator", arguments, (*arguments, "--url", self.url), 0, shows)

    def inbox(self) -> list[dict[str, Any]]:
        """The messages that arrived, oldest first."""
        told = subprocess.run(
            [*program_of("stagemail"), "inbox", "list", "--folder", str(self.mail), "--format", "json"],
            capture_output=True, text=True, env=self.environment, check=True, timeout=60,
        )  # fmt: skip
        found: list[dict[str, Any]] = json.loads(told.stdout)["messages"]
        return list(reversed(found))

    def write(self, path: str, text: str, message: str) -> None:
        """Change a file and commit it."""
        (self.repository / path).write_text(text, encoding="utf-8")
        self.commit(message)

    def change(self, path: str, old: str, new: str, message: str) -> None:
        """Replace a piece of a file and commit it."""
        text = (self.repository / path).read_text(encoding="utf-8")
        require(old in text, f"{path} contains {old!r}")
        self.teller.command(f"edit {path}: {' '.join(old.split())} → {' '.join(new.split()) or '(removed)'}")
        self.write(path, text.replace(old, new), message)

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.teller.command(f"git add --all && git commit -m {typed([message])}")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def ledger(self, since: int = 0) -> list[dict[str, Any]]:
        """Every write that reached the platform, from its own books."""
        writes: list[dict[str, Any]] = self.asked(f"ledger?since={since}")["writes"]
        return writes

    def asked(self, path: str) -> dict[str, Any]:
        """What the local platform tells of itself."""
        with urllib.request.urlopen(f"{self.url}/_emulator/{path}", timeout=10) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
        return told

    def killed_apply(self, stage: str, writes: int) -> None:
        """Start an apply and kill it with SIGKILL once so many writes have reached the platform."""
        before = len(self.ledger())
        self.teller.command(f"stagemail apply {stage}   # and kill -9 after {writes} writes")
        process = subprocess.Popen(
            [*program_of("stagemail"), "apply", stage], cwd=self.repository, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while process.poll() is None and len(self.ledger()) < before + writes and time.monotonic() < end:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        require(process.wait(10) == -signal.SIGKILL, "the apply was killed while it worked")

    def _run(
        self, program: str, shown: Sequence[str], arguments: Sequence[str], expect: int, shows: Sequence[str]
    ) -> str:
        self.teller.command(f"{program} {typed(shown)}")
        done = subprocess.run(
            [*program_of(program), *arguments], cwd=self.repository, env=self.environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        text = done.stdout + done.stderr
        self.teller.output(text)
        require(
            done.returncode == expect, f"`{program} {typed(shown)}` exits with {expect}, not {done.returncode}", text
        )
        flat = " ".join(text.split())
        for expected in shows:
            require(expected in flat, f"`{program} {typed(shown)}` says {expected!r}", text)
        return text

    def _serve(self, program: str, *arguments: str) -> int:
        port_file, log_file = self.folder / f"{program}.port", self.folder / f"{program}.log"
        port_file.unlink(missing_ok=True)
        log = log_file.open("wb")
        process = subprocess.Popen(
            [*program_of(program), *arguments, "--port-file", str(port_file)],
            stdout=log,
            stderr=log,
            env=self.environment,
        )
        self.processes.append(process)
        end = time.monotonic() + PATIENCE
        while not port_file.exists():
            said = log_file.read_text(encoding="utf-8", errors="replace")
            require(process.poll() is None and time.monotonic() < end, f"{program} {arguments[0]} starts", said)
            time.sleep(0.02)
        return int(port_file.read_text(encoding="utf-8").split()[0])

    def _repository(self, sink: int) -> None:
        sample = sample_folder()
        shutil.rmtree(self.repository, ignore_errors=True)
        shutil.copytree(sample / "environments", self.repository / "environments")
        operator = (sample / "stagemail.yaml").read_text(encoding="utf-8")
        operator = operator.replace("domain: example.outsystems.dev", f"domain: {self.url}")
        operator = operator.replace("path: /run/secrets/stagemail", f"path: {self.folder / 'secrets'}")
        operator = operator.replace(
            'destinations: ["smtp.example.com:587"]', 'destinations: ["smtp.example.com:587", "smtp.example.com:2587"]'
        )
        routes = ", ".join(f'"smtp.example.com:{port}": "127.0.0.1:{sink}"' for port in MAIL_PORTS)
        checks = f'{{networks: ["127.0.0.0/8"], caFile: {self.mail / "certificate.pem"}, routes: {{{routes}}}}}'
        (self.repository / "stagemail.yaml").write_text(f"{operator}mail: {checks}\n", encoding="utf-8")
        (self.repository / ".gitignore").write_text("stagemail.db*\n", encoding="utf-8")
        secrets = self.folder / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / "smtp-production").write_text(PASSWORD, encoding="utf-8")
        (secrets / "smtp-production").chmod(0o600)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("config", "user.name", "Ada Admin")
        self.git("config", "user.email", "ada@example.com")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Describe the mail of every stage")

    def git(self, *arguments: str) -> None:
        """Git in the checkout."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.repository, env=self.environment, capture_output=True, text=True, check=False
        )
        require(done.returncode == 0, f"git {arguments[0]} works", done.stderr)


def _environment(speed: float) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STAGEMAIL_", "GIT_"))}
    return {
        **kept,
        "STAGEMAIL_ODC_CLIENT_SECRET": "emulator-secret",
        "STAGEMAIL_SMTP_QA": PASSWORD,
        "STAGEMAIL_SMTP_PRODUCTION": PASSWORD,
        "STAGEMAIL_CLOCK_SPEED": f"{speed}@{datetime.now(UTC).isoformat()}",
        "COLUMNS": "100",
        "PYTHONUTF8": "1",
    }


def program_of(name: str) -> list[str]:
    """The program beside this interpreter, as a person in this environment would run it."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise NotFound(f"{name} is not installed", hint="pip install 'stagemail[emulator]'")
    return [found]

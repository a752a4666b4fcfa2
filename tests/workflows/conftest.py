"""A hosted repository of a user beside an emulated platform: a bare origin, its environments' secrets, a stand-in gh.

Not here: running jobs (``runner``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.bench import make_repository
from tests.docs.session import environment
from tests.workflows import gh as stand_in
from tests.workflows.runner import Done, Runner, workflow

from odc_emulator.seed import SECRET
from odc_emulator.server import EmulatorServer
from stagemail.resources.location import sample_folder

SPEED = 100
RECORD = {"STAGEMAIL_RECORD_KEY": "0123456789abcdef0123456789abcdef-of-a-test"}
VIEWER = "viewer"
"""The API client that may only look; it has a secret of its own."""
VIEW = {"STAGEMAIL_ODC_CLIENT_SECRET": "viewer-secret", **RECORD}
WRITE = {"STAGEMAIL_ODC_CLIENT_SECRET": SECRET, **RECORD}
SECRETS: Mapping[str, Mapping[str, str]] = {
    "": {},
    "stagemail-view": VIEW,
    "development": WRITE,
    "qa": {**WRITE, "STAGEMAIL_SMTP_QA": "qa-password"},
    "production": {**WRITE, "STAGEMAIL_SMTP_PRODUCTION": "production-password"},
}
"""What each environment of the repository holds."""
_REPLACED = {
    "state: sqlite:///stagemail.db": (
        "state: git-branch:stagemail-record\nstateKey: {secretRef: {store: env, key: RECORD_KEY}}"
    ),
    "store: file, keys: smtp-production": "store: env, keys: SMTP_PRODUCTION",
    "sync: {selfHeal: recipients}": "sync: {automated: true, selfHeal: recipients}",
}

_MAPPING: list[str] = []


class Hosted:
    """The repository at its host, a person's clone of it (``work``), and the platform."""

    def __init__(self, folder: Path, emulator: EmulatorServer) -> None:
        self.folder, self.platform, self.url = folder, emulator.control, emulator.url
        self.env = environment(folder / "home")
        speed = f"{SPEED}@{datetime.now(UTC).isoformat()}"
        self.env |= {"STAGEMAIL_CLOCK_SPEED": speed, "FAKE_GH_STATE": str(folder / "gh.json"), "GITHUB_ACTOR": "ada"}
        (folder / "gh.json").write_text('{"comments": [], "issues": [], "labels": []}', encoding="utf-8")
        self._put_gh_on_the_path()
        self.platform.portal("change-client", client=VIEWER, secret=VIEW["STAGEMAIL_ODC_CLIENT_SECRET"])
        self.work, self.origin = folder / "repository", folder / "origin.git"
        make_repository(folder, sample_folder(), emulator.url, None)
        for old, new in _REPLACED.items():
            self.change("stagemail.yaml", old, new)
        self.change(
            "environments/production/email.yaml",
            "store: file, key: smtp-production}",
            "store: env, key: SMTP_PRODUCTION}",
        )
        self._map()
        self.git("checkout", "--quiet", "-B", "main")
        self.main = self.commit("Adopt stagemail")
        self.git("clone", "--quiet", "--bare", ".", str(self.origin))
        self.git("remote", "add", "origin", f"file://{self.origin}")
        self._jobs = 0

    def _put_gh_on_the_path(self) -> None:
        program = self.folder / "bin" / "gh"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stand_in.__file__}" "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        self.env["PATH"] = os.pathsep.join([str(program.parent), self.env["PATH"]])

    def _map(self) -> None:
        """Keys are made from names, so a mapping that was found once serves every emulator of the profile."""
        mapping = self.work / "odc-mapping.yaml"
        if not _MAPPING:
            self._run("stagemail", "target", "discover", "--write", env={**self.env, **WRITE})
            _MAPPING.append(mapping.read_text(encoding="utf-8"))
        mapping.write_text(_MAPPING[0], encoding="utf-8")

    def _run(self, *command: str, env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            command, cwd=self.work, env=dict(env or self.env), capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def git(self, *arguments: str) -> str:
        """Git in the person's clone."""
        return self._run("git", *arguments)

    def change(self, path: str, old: str, new: str) -> None:
        """Replace a piece of a file."""
        file = self.work / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def commit(self, subject: str) -> str:
        """Commit everything; gives the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def propose(self) -> dict[str, str]:
        """Open or update pull request 1 with the clone's HEAD, and say what its event tells."""
        self.git("push", "--quiet", "--force", "origin", "HEAD:refs/pull/1/head")
        return {
            "checked out": self.main,
            "github.event.pull_request.number": "1",
            "github.event.pull_request.base.sha": self.main,
            "github.event.pull_request.head.sha": self.git("rev-parse", "HEAD"),
            "github.token": "token-of-the-job",
            "vars.STAGEMAIL_VIEW_CLIENT_ID": VIEWER,
        }

    def merge(self) -> None:
        """The clone's HEAD becomes the protected branch."""
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
        self.main = self.git("rev-parse", "HEAD")

    def job(self, file: str, name: str, told: Mapping[str, str], env: Mapping[str, str] | None = None) -> Done:
        """Run one job on a machine of its own."""
        self._jobs += 1
        job = workflow(file)["jobs"][name]
        place = str(job.get("environment", "")).replace("${{ matrix.stage }}", told.get("matrix.stage", ""))
        runner = Runner(self.folder / f"machine-{self._jobs}", self.origin, {**self.env, **(env or {})})
        return runner.run(job, told, SECRETS[place])

    def event(self, name: str, *, hourly: bool = False, stage: str = "all") -> tuple[Done, dict[str, Done]]:
        """Run reconcile.yml: the job that looks, and one job for each stage that it chose."""
        told = {
            "checked out": self.main,
            "github.event_name": name,
            "github.event_name == 'schedule'": str(name == "schedule").lower(),
            "github.event.schedule == '17 * * * *'": str(hourly).lower(),
            "inputs.stage || 'all'": stage,
            "github.token": "token-of-the-job",
            "vars.STAGEMAIL_VIEW_CLIENT_ID": VIEWER,
            "github.repository": "example/mail",
        }
        look = self.job("reconcile", "look", told)
        stages = json.loads(look.outputs.get("choose.outputs.stages", "[]"))
        return look, {stage: self.job("reconcile", "reconcile", {**told, "matrix.stage": stage}) for stage in stages}

    @property
    def hub(self) -> dict[str, Any]:
        """Comments and issues at the host."""
        found: dict[str, Any] = json.loads((self.folder / "gh.json").read_text(encoding="utf-8"))
        return found

    def ledger(self) -> int:
        """How many writes the platform has taken."""
        return len(self.platform.ledger())


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    """A repository at its host, nothing applied yet."""
    with EmulatorServer("guid-pending", speed=SPEED) as emulator:
        yield Hosted(tmp_path, emulator)

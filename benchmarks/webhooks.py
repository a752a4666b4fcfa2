"""How long a merge takes to reach the platform: from the commit and its webhook to the PATCH at the emulator.

A real ``stagemail controller`` that asks its source once an hour, a Git remote, an emulator over HTTP in real time,
without limits: a place of them may be a minute away. What is measured begins when ``git push`` would have returned and
ends where the emulator's ledger has the first PATCH that came after it. Not here: the table.
"""

import base64
import hmac
import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx2
from tests.ports import free_port

from benchmarks import corpus
from benchmarks.controllers import controlling
from benchmarks.platform_runs import emulator
from benchmarks.running import once
from benchmarks.works import Bench
from odc_emulator.client import EmulatorControl

APPS = 5
LONGEST = 120.0
"""Seconds that a start or a change may take."""
_TARGET = (
    "{type: odc-unlimited, domain: 'DOMAIN', credentials: "
    "{clientId: stagemail-ci, clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET}}}}"
)
_CONTROLLER = """controller: {poll: 1h, observe: 30d}
web: {listen: "127.0.0.1:PORT", hooks: {git: {type: generic, secret: {secretRef: {store: env, key: HOOK}}}}}
"""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where pushes are told, and with which key (Standard Webhooks, as ``type: generic``)."""

    url: str
    key: str

    def push(self) -> None:
        """Tell of one."""
        body, message, at = b'{"ref": "refs/heads/main"}', f"msg-{time.monotonic_ns()}", int(time.time())
        mac = hmac.new(self.key.encode(), f"{message}.{at}.".encode() + body, sha256).digest()
        headers = {"webhook-id": message, "webhook-timestamp": str(at),
                   "webhook-signature": f"v1,{base64.b64encode(mac).decode()}"}  # fmt: skip
        httpx2.post(self.url, content=body, headers=headers, trust_env=False, timeout=60).raise_for_status()


def to_patch(bench: Bench, rounds: int) -> list[float]:
    """Seconds from each commit to its first PATCH."""
    with emulator(bench, APPS) as url, EmulatorControl(url) as control:
        documents = corpus.repository(bench.work / "webhook" / "documents", APPS, _TARGET.replace("DOMAIN", url))
        once(bench.ours(documents, "target", "discover", "--write", cold=True))
        port = free_port()
        with controlling(_operator(documents, port), bench) as (_, log):
            hook = Hook(f"http://127.0.0.1:{port}/hooks/git", bench.environment["STAGEMAIL_HOOK"])
            _until(lambda: _settled(log) >= 1, "the first pass")
            return [_round(documents, hook, control, log, number) for number in range(1, rounds + 1)]


def _operator(documents: Path, port: int) -> Path:
    """The controller's own folder: the mapping, and the operator file that names the documents as its source."""
    folder = documents.with_name("operator")
    folder.mkdir()
    text = (documents / "stagemail.yaml").read_text(encoding="utf-8")
    text = text.replace("source: {path: environments}", f'source: {{url: "file://{documents}", branch: main}}')
    text = text.replace("purpose: non-production,", "purpose: non-production, sync: {automated: true},")
    (folder / "stagemail.yaml").write_text(text + _CONTROLLER.replace("PORT", str(port)), encoding="utf-8")
    shutil.copy(documents / "odc-mapping.yaml", folder)
    return folder


def _round(documents: Path, hook: Hook, control: EmulatorControl, log: Path, number: int) -> float:
    before, passes = _patches(control), _settled(log)
    corpus.change(documents, 1.0, number)
    began = time.monotonic()
    hook.push()
    _until(lambda: _patches(control) > before, "the PATCH", pause=0.01)
    took = time.monotonic() - began
    _until(lambda: _settled(log) > passes, "the end of the pass")
    return took


def _patches(control: EmulatorControl) -> int:
    return sum(write["method"] == "PATCH" for write in control.ledger())


def _events(log: Path) -> list[dict[str, object]]:
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def _settled(log: Path) -> int:
    return sum(event.get("event") == "finished" for event in _events(log))


def _until(is_there: Callable[[], bool], what: str, pause: float = 0.1) -> None:
    end = time.monotonic() + LONGEST
    while not is_there():
        if time.monotonic() > end:
            sys.exit(f"{what} did not come within {LONGEST:.0f} s")
        time.sleep(pause)

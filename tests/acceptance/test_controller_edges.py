"""Around the controller: a webhook makes a commit live, a forged one does not, and who has to know is told."""

import base64
import hmac
import json
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import EMAIL, port, push, remote
from tests.unit.git.signers import Signers, by_ssh, needs_signers, signers

__all__ = ["signers"]

HOOK = "a-secret-of-the-hook-only"
SELDOM = "controller: {poll: 30d, observe: 30d}"
"""At the benches' speed nothing is looked at again by itself while a test runs."""


@dataclass
class Elsewhere:
    """A service that takes notifications and commit statuses."""

    taken: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    url: str = ""

    def of(self, start: str) -> list[Any]:
        return [body for path, _, body in self.taken if path.startswith(start)]


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    made = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.taken.append((self.path, dict(self.headers), body))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    made.url = f"127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Port:
    """The port of a controller that runs."""

    url: str
    lines: list[str]

    def get(self, path: str) -> tuple[int, str]:
        answer = httpx2.get(f"{self.url}{path}", trust_env=False, timeout=120)
        return answer.status_code, answer.text

    def push(self, secret: str = HOOK) -> int:
        """A push as a generic sender signs it."""
        body = b'{"ref": "refs/heads/main"}'
        message, at = f"msg-{time.monotonic_ns()}", int(time.time())
        mac = hmac.new(secret.encode(), f"{message}.{at}.".encode() + body, sha256).digest()
        headers = {"webhook-id": message, "webhook-timestamp": str(at),
                   "webhook-signature": f"v1,{base64.b64encode(mac).decode()}"}  # fmt: skip
        url = f"{self.url}/hooks/git"
        return httpx2.post(url, content=body, headers=headers, trust_env=False, timeout=120).status_code


@contextmanager
def listening(bench: Bench, *more: str) -> Iterator[Port]:
    """A controller with a port; its lines are kept as they come."""
    process = bench.start("controller", *more)
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True)
    reader.start()
    try:
        bench.until(lambda: any(line.startswith("listening on ") for line in lines), "it listens")
        address = next(line for line in lines if line.startswith("listening on ")).split()[-1]
        made = Port(f"http://{address}", lines)
        bench.until(lambda: made.get("/readyz")[0] == 200, "it is ready")
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
        reader.join()
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
        process.stderr.close()
    assert "Traceback" not in errors + "".join(lines), errors
    assert "defect of stagemail" not in errors + "".join(lines)


def set_up(bench: Bench, elsewhere: Elsewhere) -> None:
    remote(bench)
    text = bench.read("stagemail.yaml")
    text = re.sub("controller: .*", SELDOM, text)
    text = text.replace("source: {url:", "source: {statuses: {type: github, url: 'http://" + elsewhere.url
        + "', repository: acme/mail, token: {secretRef: {store: env, key: STATUS_TOKEN}}}, url:")  # fmt: skip
    text += (
        "web: {listen: '127.0.0.1:0', hooks: {git: {type: generic,"
        " secret: {secretRef: {store: env, key: HOOK_GIT}}}}}\n"
        "notifications: {ops: {url: {secretRef: {store: env, key: NOTIFY_OPS}},"
        " events: [applied, stalled, not-ready, source]}}\n"
    )
    bench.write("stagemail.yaml", text)
    bench.environment["STAGEMAIL_HOOK_GIT"] = HOOK
    bench.environment["STAGEMAIL_STATUS_TOKEN"] = "status-token-hunter2"
    bench.environment["STAGEMAIL_NOTIFY_OPS"] = f"json://{elsewhere.url}/notify-hunter2"
    push(bench)


def test_a_signed_push_makes_a_commit_live_and_everybody_is_told(applied: Bench, elsewhere: Elsewhere) -> None:
    set_up(applied, elsewhere)
    with listening(applied, "--log-format", "json") as controller:
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        assert controller.push("a-secret-that-was-guessed") == 401
        assert port(applied) == "587"
        assert controller.push() == 202
        applied.until(lambda: port(applied) == "2587", "the commit is live")
        applied.until(lambda: elsewhere.of("/notify"), "people are told")
        tip = applied.git("rev-parse", "HEAD").strip()
        where = f"/repos/acme/mail/statuses/{tip}"
        applied.until(
            lambda: ("stagemail/qa", "success") in {(s["context"], s["state"]) for s in elsewhere.of(where)},
            "the commit shows that it is live",
        )
        status, metrics = controller.get("/metrics")
        assert status == 200
        assert 'stagemail_runs_total{result="done",stage="qa"}' in metrics
        assert 'stagemail_api_calls_total{domain="' in metrics
        assert re.search(r'stagemail_api_quota_left{domain="[^"]+",target="odc"} \d', metrics)
        assert 'stagemail_webhook_requests_total{hook="git",result="wrong-signature"} 1.0' in metrics
        assert controller.get("/healthz") == (200, "ok\n")
        page = controller.get("/")[1]
        assert "<td>qa</td>" in page
        assert tip[:12] in page
    assert "stagemail: qa was changed" in [notice["title"] for notice in elsewhere.of("/notify")]
    facts = [json.loads(line) for line in controller.lines if line.startswith("{")]
    assert {"finished", "looked"} <= {fact["event"] for fact in facts}
    everything = "".join(controller.lines) + metrics + page + json.dumps(elsewhere.of("/"))
    for secret in (HOOK, "hunter2", "emulator-secret", applied.environment["STAGEMAIL_SMTP_QA"]):
        assert secret not in everything


@needs_signers
def test_an_unsigned_commit_holds_the_stages_and_says_why(
    applied: Bench, elsewhere: Elsewhere, signers: Signers
) -> None:
    set_up(applied, elsewhere)
    ada = signers.ssh("ada")
    text = applied.read("stagemail.yaml")
    applied.write(
        "stagemail.yaml",
        text.replace("source: {", f"source: {{verification: {{allowedSigners: '{signers.allowed(ada)}'}}, "),
    )
    applied.git(*by_ssh(ada), "commit", "--quiet", "--allow-empty", "-m", "Begin")
    push(applied)
    with listening(applied) as controller:
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        assert controller.push() == 202
        applied.until(lambda: any("has no signature" in line for line in controller.lines), "it says why")
        assert port(applied) == "587"
        applied.git(*by_ssh(ada), "commit", "--quiet", "--amend", "--no-edit")
        applied.git("push", "--quiet", "--force", "origin", "HEAD:main")
        assert controller.push() == 202
        applied.until(lambda: port(applied) == "2587", "the signed one is followed: the unsigned one never was")


def test_a_port_that_is_taken_and_an_extra_that_is_missing_are_said(applied: Bench, elsewhere: Elsewhere) -> None:
    set_up(applied, elsewhere)
    text = applied.read("stagemail.yaml")
    applied.write("stagemail.yaml", text.replace("127.0.0.1:0", elsewhere.url))
    applied.run("controller", expect=2).shows("cannot listen on")
    blocked = applied.folder / "blocked" / "apprise.py"
    blocked.parent.mkdir()
    blocked.write_text("raise ModuleNotFoundError('apprise', name='apprise')\n")
    applied.environment["PYTHONPATH"] = str(blocked.parent)
    process = applied.start("controller")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "apprise is not installed" in errors
    assert "stagemail[controller]" in " ".join(errors.split())

"""The process that listens: it takes signed pushes, gives pages, and survives whatever comes to a port.

Real processes and sockets; counts and sizes decide, never a time.
"""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from tests.unit.web.senders import SECRET, sent

from stagemail.errors import UsageError
from stagemail.model.secret import Secret
from stagemail.web.edge import Answers, Edge
from stagemail.web.hooks import Hook
from stagemail.web.pushes import Push

PATIENCE = 120.0


@dataclass
class Bench:
    """A listening process, and what it told us."""

    pushes: list[Push] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    status: int = 200

    def __post_init__(self) -> None:
        hooks = [Hook("hub", "github", Secret(SECRET)), Hook("any", "generic", Secret(SECRET))]
        self.edge = Edge("127.0.0.1", 0, lambda: hooks, Answers(self.pushes.append, self.page, self.complaints.append))
        self.port = self.edge.start()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx2.Client(base_url=self.url, trust_env=False, timeout=PATIENCE)
        self.wait(lambda: self.get("/hooks/none") == 405)

    def page(self, path: str) -> tuple[int, str]:
        if path == "/":
            raise ValueError(SECRET)
        return self.status, f"page {path}\n"

    def get(self, path: str) -> int:
        try:
            return self.client.get(path).status_code
        except httpx2.TransportError:
            return 0

    def push(self, **headers: str) -> int:
        request = sent("github", body=json.dumps({"ref": "refs/heads/main", "at": time.monotonic_ns()}).encode())
        return self.client.post("/hooks/hub", content=request.body, headers={**request.headers, **headers}).status_code

    def raw(self, text: bytes) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        made.sendall(text)
        return made

    def memory(self) -> int:
        """The most memory that the process ever had, in bytes."""
        text = Path(f"/proc/{self.edge.process}/status").read_text()
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmHWM"))) * 1024

    def wait(self, done: object) -> None:
        assert callable(done)
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, "it never came"
            time.sleep(0.02)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.client.close()
    made.edge.stop()


def test_a_signed_push_arrives_and_a_forged_one_does_not(bench: Bench) -> None:
    assert bench.push() == 202
    assert bench.push(**{"x-hub-signature-256": "sha256=" + "0" * 64}) == 401
    assert bench.get("/hooks/other") == 405
    assert bench.client.post("/hooks/other").status_code == 404
    bench.wait(lambda: bench.pushes)
    assert bench.pushes == [Push("hub", "", ("main",))]


def test_pages_come_from_the_controller_and_a_defect_in_one_tells_no_more_than_its_kind(bench: Bench) -> None:
    answer = bench.client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "page /healthz\n")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["connection"] == "close"
    assert "server" not in answer.headers
    bench.status = 503
    assert bench.get("/readyz") == 503
    failed = bench.client.get("/")
    assert (failed.status_code, failed.text) == (500, "this page failed: ValueError\n")
    assert bench.get("/docs") == bench.get("/openapi.json") == 404
    assert bench.client.post("/metrics").status_code == 405


def test_metrics_count_what_came_to_hooks(bench: Bench) -> None:
    bench.push()
    bench.push(**{"x-hub-signature-256": "sha256=" + "0" * 64})
    bench.client.post("/hooks/guess-1")
    bench.client.post("/hooks/guess-2")
    text = bench.client.get("/metrics").text
    assert text.startswith("page /metrics\n")
    assert 'stagemail_webhook_requests_total{hook="hub",result="looking"} 1.0' in text
    assert 'stagemail_webhook_requests_total{hook="hub",result="wrong-signature"} 1.0' in text
    assert 'stagemail_webhook_requests_total{hook="unknown",result="not-found"} 2.0' in text
    assert "guess" not in text


def test_large_slow_and_compressed_bodies_are_bounded(bench: Bench) -> None:
    large = b"x" * (3 * 1024 * 1024)
    signed = sent("github", body=large).headers
    with suppress(httpx2.WriteError, httpx2.ReadError):  # it hung up before all was sent: that is what is wanted
        assert bench.client.post("/hooks/hub", content=large, headers=signed).status_code == 413
    chunked = (large[n : n + 65536] for n in range(0, len(large), 65536))
    with suppress(httpx2.WriteError, httpx2.ReadError):
        assert bench.client.post("/hooks/hub", content=chunked, headers=signed).status_code == 413
    assert bench.push(**{"content-encoding": "gzip"}) == 415
    head = b"POST /hooks/hub HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nX-Hub-Signature-256: sha256=" + b"0" * 64
    slow = [bench.raw(head + b"\r\n\r\n{") for _ in range(40)]
    never = [bench.raw(b"POST /hooks/hub HTTP/1.1\r\nHost: x\r\nX-A: ") for _ in range(40)]
    assert bench.push() == 202, "the others are served meanwhile"
    for connection in [*slow, *never]:
        connection.close()
    endless = bench.raw(b"GET /healthz HTTP/1.1\r\nX-Long: " + b"a" * 100_000)
    assert endless.recv(100).startswith(b"HTTP/1.1 400 ")
    endless.close()
    assert bench.memory() < 300 * 1024 * 1024


def test_a_flood_of_forged_requests_keeps_memory_and_a_signed_push_still_arrives(bench: Bench) -> None:
    body = b'{"ref": "refs/heads/main"}'
    forged = (
        b"POST /hooks/hub HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=" + b"0" * 64
        + b"\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    )  # fmt: skip
    refused = 0
    lock = threading.Lock()

    def flood(count: int) -> None:
        nonlocal refused
        for _ in range(count):
            with bench.raw(forged) as connection:
                answer = connection.recv(64)
            with lock:
                refused += answer.startswith((b"HTTP/1.1 401", b"HTTP/1.1 503"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(flood, [250] * 8))
    assert refused == 2000
    assert bench.push() == 202
    bench.wait(lambda: len(bench.pushes) == 1)
    assert bench.memory() < 300 * 1024 * 1024


def test_more_connections_than_are_allowed_are_answered_and_closed_without_a_line(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    held = [bench.raw(b"") for _ in range(128)]
    bench.wait(lambda: bench.get("/healthz") == 503)
    for connection in held:
        connection.close()
    bench.wait(lambda: bench.get("/healthz") == 200)
    assert capfd.readouterr() == ("", ""), "a flood fills no log"


def test_a_process_that_was_killed_is_started_again_at_the_same_port(bench: Bench) -> None:
    first = bench.edge.process
    assert first is not None
    os.kill(first, signal.SIGKILL)
    bench.wait(lambda: bench.edge.process not in (None, first))
    bench.wait(lambda: bench.get("/healthz") == 200)
    assert bench.push() == 202
    assert any("started again" in told for told in bench.complaints)


def test_it_knows_nothing_of_the_controllers_environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEMAIL_SMTP_QA", "hunter2-in-the-environment")
    killed = bench.edge.process
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    bench.wait(lambda: bench.get("/healthz") == 200)
    seen = (
        Path(f"/proc/{bench.edge.process}/environ").read_bytes()
        + Path(f"/proc/{bench.edge.process}/cmdline").read_bytes()
    )
    assert b"hunter2" not in seen
    assert SECRET.encode() not in seen


def test_it_ends_with_the_controller() -> None:
    bench = Bench()
    process = bench.edge.process
    bench.client.close()
    bench.edge.stop()
    bench.wait(lambda: not Path(f"/proc/{process}").exists())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", bench.port), timeout=120)


def test_an_address_that_is_taken_is_named(bench: Bench) -> None:
    other = Edge("127.0.0.1", bench.port, list, Answers(bench.pushes.append, bench.page, bench.complaints.append))
    with pytest.raises(UsageError, match=rf"cannot listen on 127\.0\.0\.1:{bench.port}"):
        other.start()


def test_a_port_that_no_machine_has_is_named_too(bench: Bench) -> None:
    other = Edge("127.0.0.1", 99_999, list, Answers(bench.pushes.append, bench.page, bench.complaints.append))
    with pytest.raises(UsageError, match=r"cannot listen on 127\.0\.0\.1:99999: no such address"):
        other.start()

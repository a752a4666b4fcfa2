"""Commit statuses reach a Git host's API.

The servers here are ours, written from the hosts' public API documents (see ``host.statuses``): no real GitHub, GitLab
or Gitea took part.
"""

import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.target.web import bomb

from stagemail.errors import NotFound, NotPermitted, RateLimited, StagemailError, Unreachable, UsageError, UserMustFix
from stagemail.host import api
from stagemail.host.statuses import HostStatuses, HostType
from stagemail.model.notice import CommitStatus
from stagemail.model.secret import Secret

TOKEN = "token-hunter2"
STATUS = CommitStatus("a" * 40, "stagemail/qa", "success", "live", "https://stagemail.example.com/")


@dataclass
class Host:
    """A local server that keeps what it is sent, and answers with ``statuses``, 201 when they are used up."""

    statuses: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    url: str = ""

    def statuses_of(self, kind: HostType) -> HostStatuses:
        repository = "acme/infra/mail" if kind == "gitlab" else "acme/mail"
        return HostStatuses(kind, repository, lambda: Secret(TOKEN), base=self.url, sleep=self.waited.append)


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.seen.append((self.path, {n.lower(): v for n, v in self.headers.items()}, json.loads(body)))
            status, headers, text = made.statuses.pop(0) if made.statuses else (201, {}, "{}")
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def test_github_is_told_by_the_commit(host: Host) -> None:
    host.statuses_of("github").tell(STATUS)
    path, headers, body = host.seen[0]
    assert path == f"/repos/acme/mail/statuses/{'a' * 40}"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert body == {"state": "success", "context": "stagemail/qa", "description": "live", "target_url": STATUS.url}


def test_gitlab_is_told_by_the_path_of_the_project(host: Host) -> None:
    host.statuses_of("gitlab").tell(STATUS)
    path, headers, _ = host.seen[0]
    parts = urlsplit(path)
    assert parts.path == f"/projects/acme%2Finfra%2Fmail/statuses/{'a' * 40}"
    assert headers["private-token"] == TOKEN
    assert parse_qs(parts.query)["state"] == ["success"]
    for state, theirs in (("pending", "running"), ("failure", "failed")):
        host.statuses_of("gitlab").tell(CommitStatus("a" * 40, "c", state, ""))  # type: ignore[arg-type]
        assert f"state={theirs}" in host.seen[-1][0]


def test_gitlab_that_has_the_status_already_is_content(host: Host) -> None:
    host.statuses = [(400, {}, '{"message": "Cannot transition status via :run from :running"}')]
    host.statuses_of("gitlab").tell(STATUS)
    assert len(host.seen) == 1


def test_gitea_is_told_with_its_own_kind_of_token(host: Host) -> None:
    host.statuses_of("gitea").tell(STATUS)
    assert host.seen[0][0] == f"/repos/acme/mail/statuses/{'a' * 40}"
    assert host.seen[0][1]["authorization"] == f"token {TOKEN}"


def test_a_long_description_is_cut_as_github_wants(host: Host) -> None:
    host.statuses_of("github").tell(CommitStatus("a" * 40, "c", "failure", "x" * 500))
    assert len(host.seen[0][2]["description"]) == 140


def test_what_may_pass_is_tried_again_and_given_up(host: Host) -> None:
    host.statuses = [(502, {}, ""), (503, {}, "")]
    host.statuses_of("github").tell(STATUS)
    assert (len(host.seen), len(host.waited)) == (3, 2)
    host.statuses = [(500, {}, "")] * 9
    with pytest.raises(Unreachable, match="answers 500"):
        host.statuses_of("github").tell(STATUS)
    assert len(host.seen) == 3 + 4


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (401, {}, NotPermitted),
        (403, {}, NotPermitted),
        (404, {}, NotFound),
        (422, {}, UserMustFix),
        (302, {"location": "https://elsewhere.example.com/"}, UserMustFix),
        (429, {"retry-after": "7"}, RateLimited),
        (403, {"retry-after": "7"}, RateLimited),
    ],
)
def test_refusals_say_what_to_do_and_never_show_the_token(
    host: Host, status: int, headers: dict[str, str], error: type[StagemailError]
) -> None:
    host.statuses = [(status, headers, f"you sent {TOKEN}")] * 4
    with pytest.raises(error) as raised:
        host.statuses_of("github").tell(STATUS)
    assert TOKEN not in raised.value.sentence
    assert "/statuses/" in raised.value.sentence
    assert len(host.seen) == (4 if error is RateLimited else 1)


def test_a_host_that_is_away_is_unreachable(host: Host) -> None:
    away = HostStatuses("github", "a/b", lambda: Secret(TOKEN), base="http://127.0.0.1:9", sleep=host.waited.append)
    with pytest.raises(Unreachable, match="does not answer"):
        away.tell(STATUS)


@pytest.mark.parametrize("base", ["http://git.example.com", "https://user:pass@git.example.com", "ftp://x", ""])
def test_tokens_go_over_tls_only(base: str) -> None:
    with pytest.raises(UsageError) as raised:
        HostStatuses("github", "a/b", lambda: Secret(TOKEN), base=base, sleep=float)
    assert "pass" not in str(raised.value)


@contextmanager
def raw(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server of one connection that says what ``answer`` writes; its address."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_an_answer_without_end_is_not_read() -> None:
    sent = []

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2147483648\r\n\r\n")
        for _ in range(256):
            connection.sendall(b"x" * 262144)
            sent.append(262144)

    with raw(endless) as url:
        HostStatuses("github", "acme/mail", lambda: Secret(TOKEN), base=url, sleep=[].append).tell(STATUS)
    assert sum(sent) < 16 * 1024 * 1024


def test_a_packed_answer_is_not_unpacked() -> None:
    packed = bomb(100)

    def answer(connection: socket.socket) -> None:
        head = f"HTTP/1.1 201 Created\r\nContent-Encoding: gzip, gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        connection.sendall(head.encode() + packed)

    tracemalloc.start()
    with raw(answer) as url:
        HostStatuses("github", "acme/mail", lambda: Secret(TOKEN), base=url, sleep=[].append).tell(STATUS)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8 * 1024 * 1024


def test_headers_that_drip_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_SECONDS", 0.5)
    monkeypatch.setattr(api, "TRIES", 1)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 201 Created\r\n")
        for _ in range(300):
            connection.sendall(b"X: 1\r\n")
            time.sleep(0.1)

    with raw(drip) as url, pytest.raises(Unreachable, match="does not answer"):
        HostStatuses("github", "acme/mail", lambda: Secret(TOKEN), base=url, sleep=[].append).tell(STATUS)

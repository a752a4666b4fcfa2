"""Connections to ODC: kept for the next request, not used once they ended, through a proxy where one is named."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import httpcore2
import pytest

from stagemail.errors import ReadOnly, UsageError
from stagemail.target.odc.transport import Transport

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
REFUSED = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"


def whole(connection: socket.socket) -> bytes:
    """One request to the end of its body; nothing where the other side has ended the connection."""
    read = b""
    while True:
        head, empty, body = read.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if empty and len(body) >= int(length[1] if length else 0):
            return read
        more = connection.recv(65536)
        if not more:
            return b""
        read += more


class Served(NamedTuple):
    """A server's port, the requests that came by connection, and a permit for each connection that it ended."""

    port: int
    seen: list[list[bytes]]
    ended: threading.Semaphore


@contextmanager
def serving(answer: bytes, requests: int = 9) -> Iterator[Served]:
    """A server that ends each connection after so many requests."""
    seen: list[list[bytes]] = []
    ended = threading.Semaphore(0)

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = served.accept()
                seen.append([])
                with connection:
                    while len(seen[-1]) < requests and (request := whole(connection)):
                        seen[-1].append(request)
                        connection.sendall(answer)
                ended.release()

    with socket.create_server(("127.0.0.1", 0)) as served:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield Served(int(served.getsockname()[1]), seen, ended)
        finally:
            served.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def test_requests_one_after_the_other_take_one_connection() -> None:
    with serving(ANSWER) as served:
        sender = Transport(f"http://127.0.0.1:{served.port}", read_only=False)
        for _ in range(3):
            assert sender.send("GET", f"{sender.base}/api/x", params={"fields": "a,b"}).body == b"{}"
        sender.send("PATCH", f"{sender.base}/api/x", json={"name": "Zoë"})
        sender.close()
    (requests,) = served.seen
    assert len(requests) == 4
    assert requests[0].startswith(b"GET /api/x?fields=a%2Cb HTTP/1.1\r\n")
    for named in (f"Host: 127.0.0.1:{served.port}", "Accept-Encoding: identity", "User-Agent: stagemail"):
        assert all(f"\r\n{named}\r\n".encode() in request for request in requests), named
    assert b"\r\nContent-Type: application/json\r\n" in requests[3]
    assert requests[3].endswith('\r\n\r\n{"name":"Zoë"}'.encode())


def test_a_connection_that_the_server_ended_is_not_used_for_a_write() -> None:
    with serving(ANSWER, requests=1) as served:
        sender = Transport(f"http://127.0.0.1:{served.port}", read_only=False)
        for _ in range(3):
            assert sender.send("POST", f"{sender.base}/api/x", json={}).status == 200
            assert served.ended.acquire(timeout=30)
        sender.close()
    assert [len(each) for each in served.seen] == [1, 1, 1]


def test_the_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(REFUSED) as served:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{served.port}")
        sender = Transport("https://odc.test.invalid", read_only=False)
        with pytest.raises(httpcore2.ProxyError):
            sender.send("GET", f"{sender.base}/api/x")
        sender.close()
    assert served.seen[0][0].startswith(b"CONNECT odc.test.invalid:443 HTTP/1.1\r\n")


def test_nothing_leaves_for_another_host_nor_as_a_write_where_only_reading_is_allowed() -> None:
    sender = Transport("https://odc.test.invalid", read_only=True)
    with pytest.raises(UsageError, match="not the organization's host"):
        sender.send("GET", "https://odc.test.invalid.example/api/x")
    with pytest.raises(ReadOnly):
        sender.send("PATCH", f"{sender.base}/api/x", json={})
    sender.close()

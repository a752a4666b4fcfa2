"""A request that does not begin, or a body that does not end, is given up."""

import asyncio
import socket
import threading
from typing import Any

import pytest
from fastapi import FastAPI, Request

from stagemail.web import serve
from stagemail.web.hooks import Refused
from stagemail.web.intake import read


def request(*chunks: bytes, then: float = 0.0, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Request:
    """A request whose body comes in these chunks; the last one, if it ever does, after so many seconds."""
    waiting = list(chunks)

    async def receive() -> dict[str, Any]:
        if len(waiting) == 1:
            await asyncio.sleep(then)
        body = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    return Request({"type": "http", "method": "POST", "headers": list(headers)}, receive)


def test_a_body_comes_whole() -> None:
    assert asyncio.run(read(request(b"a", b"b"))) == b"ab"


def test_a_slow_body_is_given_up() -> None:
    with pytest.raises(Refused, match=r"longer than 0\.05 s"):
        asyncio.run(read(request(b"a", b"b", then=3600.0), seconds=0.05))


def test_a_body_that_grows_past_the_bound_is_given_up_before_it_is_kept() -> None:
    with pytest.raises(Refused, match="larger than 3 bytes"):
        asyncio.run(read(request(b"ab", b"cd", b"e", then=3600.0), most=3))


@pytest.mark.parametrize("length", [b"4", b"-1", b"x", b"99999999999999999999"])
def test_a_length_that_is_too_large_or_none_is_refused_unread(length: bytes) -> None:
    with pytest.raises(Refused) as refused:
        asyncio.run(read(request(b"", then=3600.0, headers=((b"content-length", length),)), most=3))
    assert refused.value.status == 413


def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "HEADER_SECONDS", 0.1)
    server = serve.server(FastAPI())
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    try:
        for said in (b"", b"GET / HTTP/1.1\r\nHost: "):
            with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
                connection.sendall(said)
                assert connection.recv(10) == b""
    finally:
        server.should_exit = True
        thread.join()
        listening.close()

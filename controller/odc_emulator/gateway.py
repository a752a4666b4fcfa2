"""HTTP at the platform's door: reads bodies with a limit, lets ordered faults happen, and drops connections.

An ASGI application of its own, because a fault must be able to break what a framework guarantees. Everything below
`/_emulator/` goes to the control application.
"""

import asyncio
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from odc_emulator.answers import Answer, problem
from odc_emulator.faults import Fault
from odc_emulator.platform import Platform

MAX_BODY = 1 << 20  # bytes
HTML_PAGE = b"<!DOCTYPE html><html><body><h1>%d</h1><p>The emulator was told to answer with a page.</p></body></html>"


class Gateway:
    """The ASGI application; `drop` closes the connection of a scope without another byte."""

    def __init__(self, platform: Platform, control: ASGIApp, drop: Callable[[Scope], None]) -> None:
        self._platform = platform
        self._control = control
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/_emulator/"):
            await self._control(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            answer = problem(413, "EMULATOR-TOO-LARGE", f"Bodies are limited to {MAX_BODY} bytes.", scope["path"])
            await _respond(send, answer.status, {"connection": "close"}, answer.content_type, answer.body())
            return
        await self._serve(scope, body, receive, send)

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        platform, method, path = self._platform, scope["method"], scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        fault = platform.faults.hit(method, path)
        if fault is not None and fault.seconds > 0:
            await asyncio.sleep(fault.seconds)
        query = scope["query_string"].decode("latin-1")
        answer = platform.answer(platform.call(method, path, query, headers, body), headers, fault)
        if fault is not None and fault.kind.startswith("drop"):
            self._drop(scope)
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        status, content_type, payload = _twisted(answer, fault)
        await _respond(send, status, answer.headers, content_type, payload)


def _twisted(answer: Answer, fault: Fault | None) -> tuple[int, str, bytes]:
    payload = answer.body()
    if fault is None:
        return answer.status, answer.content_type, payload
    if fault.kind == "truncated-json":
        return (
            (200 if answer.status == 204 else answer.status),
            answer.content_type,
            (payload or b'{"a":1')[: len(payload) // 2 or 3],
        )
    if fault.kind == "html":
        return fault.status, "text/html; charset=utf-8", HTML_PAGE % fault.status
    if fault.kind == "empty-body":
        return answer.status, answer.content_type, b""
    return answer.status, answer.content_type, payload


async def _read(receive: Receive) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(chunks)


async def _respond(send: Send, status: int, headers: Mapping[str, str], content_type: str, body: bytes) -> None:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if status != 204:
        raw.append((b"content-type", content_type.encode()))
        raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if status == 204 else body})

"""The inbox over HTTP: list, show, download, delete. OpenAPI at ``/openapi.json``.

On a loopback address no token is asked for, and only requests for a loopback name are answered (no page of another
site reaches it by renaming an address); elsewhere every request needs ``Authorization: Bearer``. Not here: SMTP.
"""

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import FastAPI, HTTPException, Query, Request, Response
from starlette.responses import JSONResponse

from stagemail.errors import NotFound
from stagemail.inbox.store import Reader
from stagemail.model.inbox import InboxMessage, InboxState

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
}


def api(folder: Path, token: str = "") -> FastAPI:
    """The application. ``token`` "": loopback only."""
    app = FastAPI(title="stagemail inbox", version="1", docs_url=None, redoc_url=None)
    reader = Reader(folder)

    @app.middleware("http")
    async def guard(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        """Nobody who may not; and no browser takes an answer for a page, or keeps it."""
        refused = _refused(request, token)
        answer = JSONResponse({"detail": refused[1]}, refused[0]) if refused else await call(request)
        answer.headers.update(_SAFE)
        return answer

    @app.get("/messages", summary="The newest messages; q: words that all occur")
    def messages(
        q: Annotated[str, Query(max_length=200)] = "", limit: Annotated[int, Query(ge=1, le=1000)] = 50
    ) -> list[InboxMessage]:
        return list(reader.messages(q, limit))

    @app.get("/state", summary="How much is kept, and how much was dropped")
    def state() -> InboxState:
        return reader.state()

    @app.get("/messages/{number}", summary="One message: its envelope and what lists show")
    def message(number: int) -> InboxMessage:
        return _found(reader, number)[0]

    @app.get("/messages/{number}/raw", summary="The message as it came", response_class=Response)
    def raw(number: int) -> Response:
        name = {"Content-Disposition": f'attachment; filename="{number}.eml"'}
        return Response(_found(reader, number)[1], media_type="message/rfc822", headers=name)

    @app.delete("/messages/{number}", summary="Delete one message")
    def delete(number: int) -> dict[str, int]:
        _found(reader, number)
        return {"deleted": reader.clear(number)}

    @app.delete("/messages", summary="Delete all messages")
    def clear() -> dict[str, int]:
        return {"deleted": reader.clear()}

    return app


def _found(reader: Reader, number: int) -> tuple[InboxMessage, bytes]:
    try:
        return reader.message(number)
    except (NotFound, OverflowError):
        raise HTTPException(404, f"there is no message {number}") from None


def _refused(request: Request, token: str) -> tuple[int, str] | None:
    if token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return None if hmac.compare_digest(given.encode(), token.encode()) else (401, "give the token")
    host = (
        request.headers.get("host", "").rpartition("]")[0].lstrip("[") or request.headers.get("host", "").split(":")[0]
    )
    if host not in LOOPBACK:
        return 421, "only loopback names are answered here"
    page = request.headers.get("origin")
    if page is not None and request.method != "GET" and urlsplit(page).hostname not in LOOPBACK:
        return 403, "a page of another site may change nothing here"
    return None

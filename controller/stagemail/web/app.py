"""The web application: hooks that ask for a look, and pages that only read.

Everything it knows comes through ``Backend``: it has no record, no credential of a platform and no Git.
Not here: serving it (``serve``), the process around it (``__main__``).
"""

import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from stagemail.web.hooks import Headers, Hook, Refused, check_headers, verify
from stagemail.web.intake import read
from stagemail.web.pushes import Push, is_push, push_of
from stagemail.web.seen import Seen

PAGES: Final = {"/": "text/html; charset=utf-8", "/healthz": "text/plain", "/readyz": "text/plain",
                "/metrics": CONTENT_TYPE_PLAIN_0_0_4}  # fmt: skip
_SAFE: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Backend(Protocol):
    """The controller behind the pages."""

    def hooks(self) -> Mapping[str, Hook]:
        """The hooks as they are now, by name."""
        ...

    async def pushed(self, push: Push) -> None:
        """Ask for a look."""
        ...

    async def page(self, path: str) -> tuple[int, str]:
        """Status and body of a page; 503 where the controller does not answer in time."""
        ...


def application(backend: Backend, now: Callable[[], float] = time.time) -> FastAPI:
    """The application."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    registry = CollectorRegistry()
    counted = Counter(
        "stagemail_webhook_requests", "Requests to webhooks by what became of them.", ["hook", "result"],
        registry=registry,
    )  # fmt: skip
    seen = Seen()

    async def hook(name: str, request: Request) -> Response:
        found = backend.hooks().get(name)
        if found is None:
            counted.labels("unknown", "not-found").inc()
            return Response("no such hook\n", 404)
        try:
            word = await _taken(found, request, backend, seen, now())
        except Refused as refused:
            counted.labels(name, refused.word).inc()
            return Response(f"{refused.message}\n", refused.status)
        counted.labels(name, word).inc()
        return Response(f"{word}\n", 202, media_type="text/plain")

    async def page(request: Request) -> Response:
        path = request.url.path
        status, body = await backend.page(path)
        if path == "/metrics" and status == 200:
            body += generate_latest(registry).decode("utf-8")
        return Response(body, status, headers=_SAFE, media_type=PAGES[path])

    app.add_api_route("/hooks/{name}", hook, methods=["POST"], response_model=None)
    for path in PAGES:
        app.add_api_route(path, page, methods=["GET", "HEAD"], response_model=None)
    return app


async def _taken(hook: Hook, request: Request, backend: Backend, seen: Seen, now: float) -> str:
    """Verify the request and pass the hint on. Raises Refused."""
    headers: Headers = request.scope["headers"]
    check_headers(hook, headers)
    body = await read(request)
    verify(hook, headers, body, now=now, seen=seen)
    if not is_push(hook.type, headers):
        return "not-a-push"
    await backend.pushed(push_of(hook.name, headers, body))
    return "looking"

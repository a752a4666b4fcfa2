"""uvicorn with bounds that a port on the internet needs: few connections, one request each, and not for long.

Not here: what is served (``app``).
"""

import logging
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS: Final = 128
"""Connections at a time; one more is answered with 503. Each holds at most one body (``intake.MAX_BODY``)."""
HEADER_SECONDS: Final = 10.0
"""Seconds in which a request's head must have come."""
HEAD_BYTES: Final = 16 * 1024


class Impatient(H11Protocol):
    """Closes a connection whose request does not begin in time."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the request."""
        super().connection_made(transport)
        self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _give_up(self) -> None:
        begun: object | None = self.cycle  # None until a request's head is whole, whatever uvicorn annotates
        if begun is None and not self.transport.is_closing():
            self.transport.close()


def server(app: FastAPI) -> uvicorn.Server:
    """A server for one application. It logs nothing: a line for each request too many would fill a disk."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL + 1)
    settings: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
    config = uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="off",
        loop="asyncio",
        proxy_headers=False,
        headers=[("Connection", "close")],
        limit_concurrency=CONNECTIONS,
        backlog=CONNECTIONS,
        timeout_keep_alive=1,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=HEAD_BYTES,
        **settings,
    )
    return uvicorn.Server(config)

"""Runs the inbox until it is told to stop: SMTP in this thread's loop, the HTTP API in a thread of its own.

Not here: options (``cli.inbox``).
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from stagemail.errors import UserMustFix
from stagemail.inbox.api import api
from stagemail.inbox.committing import Committer
from stagemail.inbox.smtp import SmtpSettings, listening
from stagemail.inbox.store import Writer
from stagemail.model.inbox import InboxLimits
from stagemail.ports import Clock


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where the API listens; ``port`` None: nowhere."""

    host: str
    port: int | None
    token: str = ""


def serve(
    places: tuple[Path, SmtpSettings, HttpSettings],
    limits: InboxLimits,
    clock: Clock,
    ready: Callable[[int, int | None], None],
) -> None:
    """Serve a folder until SIGTERM or Ctrl-C. ``ready`` gets the ports.

    What was accepted is on disk when this returns. Raises UserMustFix where a port cannot be had.
    """
    folder, smtp, http = places
    with Writer(folder, limits) as writer:
        committer = Committer(writer, clock)
        try:
            asyncio.run(_serve(folder, smtp, http, committer, ready))
        finally:
            committer.close()


async def _serve(
    folder: Path, smtp: SmtpSettings, http: HttpSettings, committer: Committer, ready: Callable[[int, int | None], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with listening(smtp, committer) as port:
            web = _Web(folder, http) if http.port is not None else None
            if web is not None:
                await asyncio.to_thread(web.start)
            ready(port, web.port if web else None)
            await stop.wait()
            if web is not None:
                await asyncio.to_thread(web.stop)
    except OSError as error:
        raise UserMustFix(
            f"cannot listen on {smtp.host}:{smtp.port}: {error.strerror or error}",
            hint="another --port, or stop what is there",
        ) from None
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


class _Web:
    """uvicorn in a thread."""

    def __init__(self, folder: Path, settings: HttpSettings) -> None:
        config = uvicorn.Config(
            api(folder, settings.token), host=settings.host, port=settings.port or 0, log_level="error",
            access_log=False, limit_concurrency=50, timeout_keep_alive=5, timeout_graceful_shutdown=3,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="inbox-http", daemon=True)
        self.port = 0

    def start(self) -> None:
        """Until it listens. Raises UserMustFix."""
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)
            if not self._thread.is_alive():
                raise UserMustFix("the HTTP API cannot listen on its port", hint="another --http-port")
        self.port = int(self._server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Let what runs finish."""
        self._server.should_exit = True
        self._thread.join(10)

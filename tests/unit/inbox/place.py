"""An inbox in this process, and clients for it."""

import asyncio
import smtplib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stagemail.inbox.certificate import CERTIFICATE, context_of
from stagemail.inbox.committing import Committer
from stagemail.inbox.smtp import SmtpSettings, listening
from stagemail.inbox.store import Arrived, Reader, Writer
from stagemail.model.inbox import InboxLimits
from stagemail.wiring.clock import SystemClock

USER, PASSWORD = "inbox", "a-test-password"
MESSAGE = "From: Ada <ada@example.com>\r\nSubject: Your order\r\n\r\nHello there\r\n"


def arrived(subject: str = "s", content: bytes = b"x") -> Arrived:
    """A message for the store."""
    return Arrived("a@example.com", ("b@example.com",), "Ada", subject, True, "inbox", content)


@dataclass(frozen=True, slots=True)
class Running:
    """A running inbox."""

    folder: Path
    port: int
    committer: Committer

    @property
    def reader(self) -> Reader:
        """A look into it."""
        return Reader(self.folder)

    def client(self, *, login: bool = True) -> smtplib.SMTP:
        """A session, secured and logged in."""
        client = smtplib.SMTP("localhost", self.port, timeout=120)
        try:
            client.ehlo()
            if login:
                client.starttls(context=ssl.create_default_context(cafile=str(self.folder / CERTIFICATE)))
                client.login(USER, PASSWORD)
        except BaseException:
            client.close()
            raise
        return client


@contextmanager
def running(folder: Path, patience: float = 2.0, **changed: Any) -> Iterator[Running]:
    """Serve in a thread."""
    clock = SystemClock()
    tls = context_of(folder, ("localhost", "127.0.0.1"), clock.now())
    settings = replace(SmtpSettings("127.0.0.1", 0, "localhost", tls, USER, PASSWORD), **changed)
    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), []
    stop = asyncio.Event()
    with Writer(folder, InboxLimits()) as writer:
        committer = Committer(writer, clock)

        async def serve() -> None:
            async with listening(settings, committer, patience=patience) as port:
                ports.append(port)
                ready.set()
                await stop.wait()

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert ready.wait(120)
        try:
            yield Running(folder, ports[0], committer)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(120)
            committer.close()
            assert not thread.is_alive()

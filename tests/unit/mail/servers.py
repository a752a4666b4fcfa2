"""Mail servers for tests: a real one (aiosmtpd), and one that says what a test wants over a raw socket."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.unit.mail.certificates import NAME

from stagemail.mail.bounds import Bounds
from stagemail.mail.probe import SmtpProbe
from stagemail.model.egress import Egress

PATIENT = Bounds(resolve=60, connect=60, reply=120, total=240)
"""So that no busy machine decides what is found."""
QUICK = Bounds(resolve=60, connect=60, reply=3, total=6)
"""For a server that is too slow, and for nothing else."""
USER, PASSWORD = "mailer@example.com", "correct horse battery"
REFUSED = "refused@example.com"


class Now:
    """This machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        raise AssertionError("sockets live in real time")

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps")


def probe_of(
    ports: Mapping[int, int], ca_file: Path | None = None, *, bounds: Bounds = PATIENT, name: str = NAME
) -> SmtpProbe:
    """A probe for which ports of smtp.example.com are those of this machine."""
    routes = {f"{name}:{outside}": f"127.0.0.1:{inside}" for outside, inside in ports.items()}
    egress = Egress(frozenset(routes), ("127.0.0.0/8",), routes)
    return SmtpProbe(egress, bounds, Now(), "a test", ca_file)


@dataclass
class Handler:
    """Keeps messages; refuses one recipient."""

    arrived: list[bytes] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    needs_login: bool = True

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.needs_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == REFUSED:
            return "550 5.7.1 not here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.arrived.append(envelope.original_content or b"")
        return "250 2.0.0 kept"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if good:
            self.users.append(f"{mechanism} {data.login.decode()}")
        return AuthResult(success=good, handled=False, auth_data=data if good else None)


@contextmanager
def served(
    handler: Handler, context: ssl.SSLContext | None, *, implicit: bool = False, kind: type[SMTP] = SMTP, **options: Any
) -> Iterator[int]:
    """An aiosmtpd server on loopback in a thread; gives its port."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports: list[int] = []
    transports: set[asyncio.BaseTransport] = set()

    class Kept(kind):  # type: ignore[misc, valid-type]
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transports.add(transport)
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            transports.difference_update((self.transport, self._original_transport))
            super().connection_lost(error)

    def session() -> SMTP:
        made: SMTP = Kept(
            handler, hostname=NAME, tls_context=None if implicit else context, auth_require_tls=not implicit,
            authenticator=handler.authenticate, loop=loop, **options,
        )  # fmt: skip
        return made

    async def serve() -> None:
        server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if implicit else None)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()
        for transport in list(transports):
            transport.abort()  # type: ignore[attr-defined]
        end = loop.time() + 60
        while transports and loop.time() < end:
            await asyncio.sleep(0)

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(120)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(120)


def server_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """TLS as a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class Line:
    """A raw connection of a rogue server: says lines, hears lines."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.socket.settimeout(120)
        self._file = connection.makefile("rb")
        self.heard: list[str] = []
        self.is_over = False
        """Whether the client hung up."""

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        read = self._file.readline()
        self.is_over = not read
        line = read.decode("latin-1").rstrip("\r\n")
        self.heard.append(line)
        return line

    def secure(self, context: ssl.SSLContext) -> None:
        self._file.close()
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self._file = self.socket.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self.socket.close()


@contextmanager
def rogue(*plays: Callable[[Line], None]) -> Iterator[tuple[int, list[str]]]:
    """A server that plays one part per connection (the last one again); gives its port, and every line it heard."""
    heard: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()

    def work() -> None:
        number = 0
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            line = Line(connection)
            try:
                plays[min(number, len(plays) - 1)](line)
            except (OSError, ValueError):
                pass
            finally:
                heard.extend(line.heard)
                line.close()
            number += 1

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        over.set()
        thread.join(120)
        listener.close()

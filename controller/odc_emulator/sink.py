"""A mail server that keeps what it gets: SMTP with STARTTLS or implicit TLS, AUTH, and a directory of messages.

Each message is `messages/000001.eml` with its envelope in `messages/000001.json`. It delivers nothing anywhere.
"""

import asyncio
import base64
import binascii
import contextlib
import hmac
import json
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from odc_emulator.certificates import ensure_certificates

HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
MAX_MESSAGE = 10 << 20  # bytes


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """What the sink is called and whom it lets in; no `user` and no `token_check`: everybody."""

    directory: Path
    hostname: str = "smtp.example.com"
    port: int = 0
    user: str | None = None
    password: str | None = None
    implicit_tls: bool = False
    token_check: Callable[[str], bool] | None = None  # XOAUTH2: whether an access token is good

    @property
    def needs_login(self) -> bool:
        """Whether a session must authenticate before MAIL."""
        return self.user is not None or self.token_check is not None


class Keeper:
    """aiosmtpd's handler: enforces the login and stores each message."""

    def __init__(self, settings: SinkSettings) -> None:
        self._settings = settings
        self._messages = settings.directory / "messages"
        self._messages.mkdir(parents=True, exist_ok=True)
        self._count = len(list(self._messages.glob("*.json")))

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse senders that did not log in."""
        del server
        if self._settings.needs_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store message and envelope."""
        self._count += 1
        name = f"{self._count:06}"
        content = envelope.original_content or b""
        (self._messages / f"{name}.eml").write_bytes(content)
        facts = {
            "from": envelope.mail_from,
            "to": list(envelope.rcpt_tos),
            "tls": session.ssl is not None or self._settings.implicit_tls,
            "user": _login(session),
        }
        partial = self._messages / f"{name}.partial"
        partial.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        partial.replace(self._messages / f"{name}.json")
        del server
        return f"250 2.0.0 kept as {name}"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """AUTH PLAIN and LOGIN."""
        del server, session, envelope, mechanism
        user, password = self._settings.user, self._settings.password
        good = (
            isinstance(data, LoginPassword)
            and user is not None
            and password is not None
            and hmac.compare_digest(data.login, user.encode())
            and hmac.compare_digest(data.password, password.encode())
        )
        return AuthResult(success=good, handled=False, auth_data=data if good else None)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """AUTH XOAUTH2 (Google's and Microsoft's mechanism): `user=…^Aauth=Bearer …^A^A`."""
        try:
            fields = base64.b64decode(args[1], validate=True).decode().split("\x01")
            user, token = fields[0].removeprefix("user="), fields[1].removeprefix("auth=Bearer ")
        except (IndexError, binascii.Error, UnicodeDecodeError):
            await server.push("501 5.5.2 Cannot decode")
            return AuthResult(success=False, handled=True)
        check = self._settings.token_check
        good = check is not None and await asyncio.to_thread(check, token)
        return AuthResult(success=good, handled=False, auth_data=LoginPassword(user.encode(), b"") if good else None)


class MailSink:
    """A sink in a thread of this process: `with MailSink(settings) as sink: sink.port, sink.inbox()`."""

    def __init__(self, settings: SinkSettings) -> None:
        self.settings = settings
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or not self.port:
            message = f"the mail sink did not start on port {self.settings.port}"
            raise OSError(message)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)

    def inbox(self) -> list[dict[str, Any]]:
        """What arrived so far."""
        return inbox(self.settings.directory)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:  # it ends what is left, half a handshake too
            try:
                runner.run(self._serve())
            finally:
                self._ready.set()

    async def _serve(self) -> None:
        async with listening(self.settings) as port:
            self.port = port
            self._ready.set()
            await self._stop.wait()


@contextlib.asynccontextmanager
async def listening(settings: SinkSettings) -> AsyncIterator[int]:
    """Accept mail inside this context; yields the port."""
    certificate, key = ensure_certificates(settings.directory, settings.hostname)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    keeper = Keeper(settings)
    excluded = ["PLAIN", "LOGIN"] if settings.user is None else []
    excluded += ["XOAUTH2"] if settings.token_check is None else []
    open_transports: set[asyncio.WriteTransport] = set()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return _Session(
            keeper,
            open_transports,
            hostname=settings.hostname,
            data_size_limit=MAX_MESSAGE,
            tls_context=None if settings.implicit_tls else context,
            auth_require_tls=not settings.implicit_tls,
            auth_exclude_mechanism=excluded,
            authenticator=keeper.authenticate,
            loop=loop,
        )

    server = await loop.create_server(session, HOST, settings.port, ssl=context if settings.implicit_tls else None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport in list(open_transports):
            transport.abort()  # a TLS client that says nothing would hold a close open
        end = loop.time() + STOP_SECONDS
        while open_transports and loop.time() < end:
            await asyncio.sleep(0)


class _Session(SMTP):
    """An SMTP session that can be closed from outside when the sink stops."""

    def __init__(self, keeper: Keeper, transports: set[asyncio.WriteTransport], **options: Any) -> None:
        super().__init__(keeper, **options)
        self._open = transports
        self._mine: list[asyncio.WriteTransport] = []  # the plain one and, after STARTTLS, the one inside

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        writing = cast("asyncio.WriteTransport", transport)
        self._open.add(writing)
        self._mine.append(writing)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open.difference_update(self._mine)
        super().connection_lost(error)


def inbox(directory: Path) -> list[dict[str, Any]]:
    """The stored messages, oldest first: envelope (`from`, `to`), headers `From`, `To`, `Cc`, `Subject`, and `text`."""
    rows = []
    for path in sorted((directory / "messages").glob("*.json")):
        message = message_from_bytes(path.with_suffix(".eml").read_bytes(), policy=policy.default)
        body = message.get_body(("plain",))
        headers = {
            name: None if message[name] is None else str(message[name]) for name in ("From", "To", "Cc", "Subject")
        }
        facts = json.loads(path.read_text(encoding="utf-8"))
        rows.append({"number": path.stem, **facts, **headers, "text": "" if body is None else body.get_content()})
    return rows


def _login(session: Session) -> str | None:
    data: Any = session.auth_data
    return data.login.decode("utf-8", "replace") if isinstance(data, LoginPassword) else None

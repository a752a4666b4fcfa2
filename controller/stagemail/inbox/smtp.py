"""The inbox's SMTP server: aiosmtpd with STARTTLS, AUTH after it, and bounds on size, recipients, time and sessions.

It accepts every message and relays none. Sources: RFC 5321, RFC 3207, RFC 4954. Not here: keeping (``committing``).
"""

import asyncio
import hmac
import logging
import re
import sqlite3
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from stagemail.inbox.committing import Committer
from stagemail.inbox.store import Arrived

LONGEST_LINE = 64 * 1024
"""Bytes of a line that are accepted; ``review`` says what other servers take."""
SESSION_SECONDS = 600.0
_USUAL: Final = re.compile(r"\s*<([A-Za-z0-9._+=-]{1,64}@[A-Za-z0-9.-]{1,255})>\s*(.*)", re.DOTALL)
"""An address as nearly all are written; the library's own reader takes a quarter of a session's processor time."""
STOPPING = b"421 4.3.2 the inbox is stopping, try again later\r\n"
TOO_LONG = b"421 4.4.2 this session took too long, begin another\r\n"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where it listens and what it takes. ``user`` "" lets everybody in; ``password`` never shows."""

    host: str
    port: int
    hostname: str
    certificate: ssl.SSLContext | None
    user: str
    password: str = field(repr=False)
    login_in_clear: bool = False
    size: int = 10_000_000
    recipients: int = 100
    sessions: int = 100
    idle: float = 60.0


class Keeper:
    """aiosmtpd's handler."""

    def __init__(self, settings: SmtpSettings, committer: Committer) -> None:
        self._settings = settings
        self._committer = committer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, up to the most."""
        del server, session
        if len(envelope.rcpt_tos) >= self._settings.recipients:
            return f"452 4.5.3 at most {self._settings.recipients} recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message; 250 only once it is on disk."""
        del server
        content = envelope.original_content or b""
        shown_from, subject = shown(content)
        login: Any = session.auth_data
        user = login.login.decode("utf-8", "replace") if isinstance(login, LoginPassword) else ""
        arrived = Arrived(
            envelope.mail_from or "",
            tuple(envelope.rcpt_tos),
            shown_from,
            subject,
            session.ssl is not None,
            user,
            content,
        )
        try:
            number = await self._committer.keep(arrived)
        except sqlite3.Error:
            return "452 4.3.1 the inbox cannot write to its disk; nothing was kept"
        return f"250 2.0.0 kept as {number}, delivered to nobody"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """AUTH PLAIN and LOGIN."""
        del server, session, envelope, mechanism
        good = (
            isinstance(data, LoginPassword)
            and hmac.compare_digest(data.login, self._settings.user.encode())
            and hmac.compare_digest(data.password, self._settings.password.encode())
        )
        return AuthResult(success=good, handled=False, auth_data=LoginPassword(data.login, b"") if good else None)


def shown(content: bytes) -> tuple[str, str]:
    """From and Subject as lists show them, at most 300 characters each."""
    found = {"from": "", "subject": ""}
    head = content[:65_536].replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].replace(b"\n ", b" ").replace(b"\n\t", b" ")
    for line in head.split(b"\n"):
        name, colon, value = line.partition(b":")
        key = name.strip().lower().decode("ascii", "replace")
        if colon and found.get(key) == "":
            found[key] = _readable(value[:2000].decode("utf-8", "replace").strip())
    return found["from"][:300], found["subject"][:300]


def _readable(text: str) -> str:
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):  # a charset or an encoding that nobody knows
        return text


def usual_address(text: str) -> tuple[str, str] | None:
    """The address and what follows it, where it is written as nearly all are; None: ask the library."""
    found = _USUAL.fullmatch(text)
    return (found[1], found[2]) if found else None


class _Bounded(SMTP):
    """A session that ends after a while, is counted, and can be closed from outside."""

    line_length_limit = LONGEST_LINE

    def __init__(self, keeper: Keeper, sessions: "set[_Bounded]", most: int, **options: Any) -> None:
        super().__init__(keeper, **options)
        self._sessions = sessions
        self._most = most
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self not in self._sessions and len(self._sessions) >= self._most:
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(b"421 4.7.0 too many sessions, try again later\r\n")
            transport.close()
            return
        self._sessions.add(self)
        if self._end is None:
            self._end = self.loop.call_later(SESSION_SECONDS, self.shut, TOO_LONG)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        if self._end is not None:
            self._end.cancel()
        if self.transport is not None:
            super().connection_lost(error)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        return usual_address(arg) or super()._getaddr(arg)

    @property
    def is_between_messages(self) -> bool:
        """Whether nothing of a message is under way."""
        return self.envelope is None or not self.envelope.mail_from

    def shut(self, why: bytes) -> None:
        """Say why and close; what was answered still goes out. A TLS client may take its time to agree."""
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
            transport.write(why)
            transport.close()

    def abort(self) -> None:
        """Close it whatever the client does. Under TLS a client that says nothing would hold it open."""
        for transport in (self.transport, self._original_transport):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()


@asynccontextmanager
async def listening(settings: SmtpSettings, committer: Committer, patience: float = 5.0) -> AsyncIterator[int]:
    """Accept mail inside this context; yields the port. At its end sessions have ``patience`` seconds to finish."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd writes what clients said
    keeper = Keeper(settings, committer)
    sessions: set[_Bounded] = set()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return _Bounded(
            keeper, sessions, settings.sessions, hostname=settings.hostname, ident="stagemail inbox",
            data_size_limit=settings.size, enable_SMTPUTF8=True, timeout=settings.idle,
            tls_context=settings.certificate, auth_required=bool(settings.user),
            auth_require_tls=not settings.login_in_clear, authenticator=keeper.authenticate,
            auth_exclude_mechanism=[] if settings.user else ["PLAIN", "LOGIN"], loop=loop,
        )  # fmt: skip

    server = await loop.create_server(session, settings.host, settings.port, backlog=256)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await _ended(sessions, patience)


async def _ended(sessions: set[_Bounded], patience: float) -> None:
    """Every session is closed and its socket given back, after at most ``patience`` and two seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    while any(not one.is_between_messages for one in sessions) and loop.time() < end:
        for one in [each for each in sessions if each.is_between_messages]:
            one.shut(STOPPING)
        await asyncio.sleep(0.02)
    for ask in (lambda one: one.shut(STOPPING), _Bounded.abort):
        for one in list(sessions):
            ask(one)
        end = loop.time() + 1
        while sessions and loop.time() < end:
            await asyncio.sleep(0.02)

"""Lines over a socket, within bounds: commands out, replies in, TLS between.

smtplib is not used, because it drops bytes that came before TLS where this aborts, waits anew for every byte of a
slow answer, and puts commands into exceptions (docs/adr). No line is ever logged.
Not here: which commands (``conversation``), what replies mean (``explaining``).
Sources: RFC 5321 section 4.2 (replies), RFC 3207 section 4.2 (what was known before TLS is forgotten),
CVE-2011-0411 (bytes injected before TLS).
"""

import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Final

from stagemail.mail.bounds import Bounds
from stagemail.mail.faults import Fault
from stagemail.mail.securing import injected
from stagemail.model.secret import MASK

_REPLY: Final = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_ENHANCED: Final = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?= |$)")
_TELLING: Final = 12
"""Characters of a credential that do not stand in a reply by chance."""
_WORD: Final = re.compile(rf"[^\s'\"<>()\[\]]{{{_TELLING},}}")
_SHOWN: Final = 300
"""Characters of a reply that are kept."""
_PIECE: Final = 16 * 1024
"""Bytes that are sent at a time: one record of TLS (RFC 8446 section 5.1)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its code, and its lines without code. Bytes that are not UTF-8 are replaced.

    ``hidden``: every form of the credential that was sent; ``text`` shows none, whole or cut.
    """

    code: int
    lines: tuple[str, ...]
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @property
    def good(self) -> bool:
        """Whether it is a 2yz."""
        return 200 <= self.code < 300

    @property
    def transient(self) -> bool:
        """Whether the same may succeed later (4yz)."""
        return 400 <= self.code < 500

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 3463) of its first line, or ""."""
        found = _ENHANCED.match(self.lines[0]) if self.lines else None
        return found.group() if found else ""

    @property
    def text(self) -> str:
        """Code and text in one line that is safe to show."""
        repeated = f"{self.enhanced} " if self.enhanced else "\0"
        first, *more = self.lines or ("",)
        words = " ".join([first, *(line.removeprefix(repeated) for line in more)])
        return shown(f"{self.code} {masked(words, self.hidden)}".rstrip())


def masked(text: str, hidden: tuple[str, ...]) -> str:
    """A text without these, and without a word that is a part of one: servers cut and break what they repeat."""
    for one in hidden:
        if len(one) > 2:
            text = text.replace(one, MASK)
    return _WORD.sub(lambda found: MASK if _is_part(found[0], hidden) else found[0], text)


def _is_part(word: str, hidden: tuple[str, ...]) -> bool:
    return any(word[:_TELLING] in one or word[-_TELLING:] in one for one in hidden)


def shown(text: str) -> str:
    """Text of a server, cut, and without any character that could move a cursor or hide."""
    plain = "".join(char if char.isprintable() else " " for char in text[: _SHOWN * 4])
    plain = " ".join(plain.split())
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"


class Wire:
    """One connection. Every wait ends at ``bounds.reply`` or at ``end``, whatever drips in.

    ``end`` is in seconds of ``time.monotonic``: sockets live in real time, whatever clock the run has. ``hidden``:
    what no reply may show.
    """

    def __init__(self, connected: socket.socket, bounds: Bounds, end: float) -> None:
        self._socket = connected
        self._bounds = bounds
        self._end = end
        self._buffer = bytearray()
        self.hidden: tuple[str, ...] = ()

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """The socket, once it is encrypted."""
        return self._socket if isinstance(self._socket, ssl.SSLSocket) else None

    def close(self) -> None:
        """Let go of the connection."""
        self._socket.close()

    def command(self, line: str) -> Reply:
        """Send a command and give its reply. Raises Fault; ValueError for a line that would be two.

        Nothing may have come that was not asked for: an answer that lies there already is not this command's.
        """
        if self._buffer:
            raise Fault(
                "bytes-unasked",
                "the server (or somebody on the way) answered before it was asked: aborted",
                "somebody may be tampering with this connection; look at what lies between here and the server",
            )
        self.send(line)
        return self.reply()

    def send(self, line: str) -> None:
        """Send one line."""
        if any(char in line for char in "\r\n\0"):
            raise ValueError("a command must be one line")
        self.send_bytes(line.encode() + b"\r\n")

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are. Raises Fault.

        In pieces, each of which has the time of a reply: a large message over a slow line may take longer in all.
        """
        left = memoryview(data)
        try:
            while left:
                self._wait(self._deadline())
                left = left[self._socket.send(left[:_PIECE]) :]
        except OSError as error:
            raise broken(error) from None

    def reply(self) -> Reply:
        """Read one reply. Raises Fault for one that is no reply, too long, or too slow."""
        until = self._deadline()
        lines: list[str] = []
        code = 0
        while True:
            match = _REPLY.fullmatch(self._line(until))
            if match is None or (lines and int(match[1]) != code):
                raise Fault(
                    "not-smtp",
                    "what answers there does not speak SMTP, or starts TLS at once",
                    "check `server.port` and `server.security`: 465 wants tls, 587 and 25 starttls",
                )
            code = int(match[1])
            lines.append((match[3] or b"").decode("utf-8", "replace"))
            if match[2] != b"-":
                return Reply(code, tuple(lines), self.hidden)
            if len(lines) >= self._bounds.lines:
                raise _too_much(f"a reply of more than {self._bounds.lines} lines")

    def start_tls(self, context: ssl.SSLContext, name: str, *, asked: bool) -> None:
        """Encrypt from here on; the certificate must be for ``name``. Raises ssl.SSLError, OSError as handshakes do.

        ``asked``: after a command in clear, after which nothing may come but TLS. Raises Fault for injected bytes.
        """
        if asked and self.unexpected():
            raise injected()
        self._wait(self._deadline())
        made = context.wrap_socket(self._socket, server_hostname=name, do_handshake_on_connect=False)
        self._socket = made
        made.do_handshake()  # by itself: wrapping shakes no hands over a connection that was reset meanwhile

    def unexpected(self) -> bool:
        """Whether the server said more than it was asked for."""
        return bool(self._buffer) or self._pending()

    def _pending(self) -> bool:
        if isinstance(self._socket, ssl.SSLSocket):
            return self._socket.pending() > 0
        self._socket.setblocking(False)
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _line(self, until: float) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > self._bounds.line:
                raise _too_much(f"a line of more than {self._bounds.line} bytes")
            self._buffer += self._received(until)
        if end > self._bounds.line:
            raise _too_much(f"a line of more than {self._bounds.line} bytes")
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    def _received(self, until: float) -> bytes:
        try:
            self._wait(until)
            data = self._socket.recv(4096)
        except OSError as error:
            raise broken(error) from None
        if not data:
            raise Fault(
                "closed", "the server closed the connection", "try again; servers do so to clients they do not want",
                retry=True,
            )  # fmt: skip
        return data

    def _deadline(self) -> float:
        return min(time.monotonic() + self._bounds.reply, self._end)

    def _wait(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


def broken(error: OSError) -> Fault:
    """What a socket's error means."""
    if isinstance(error, TimeoutError):
        return Fault(
            "too-slow",
            "the server took too long to answer",
            "try again; some servers slow down clients that they do not know",
            retry=True,
        )
    return Fault(
        "broken", f"the connection broke: {(error.strerror or type(error).__name__).lower()}", "try again", retry=True
    )


def _too_much(what: str) -> Fault:
    return Fault("oversized-answer", f"the server sent {what}: aborted", "check `server.host`: no mail server does so")

"""From bytes to parts: a bounded reading of a message, without its meaning.

The standard library's parser is given only what it reads in linear time and shallow recursion; everything else is
refused before. Header fields stay raw; ``header`` reads them. Sources: RFC 5322, RFC 2045, RFC 2046.
"""

import binascii
import quopri
import re
from base64 import b64decode
from codecs import lookup
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser

from stagemail.model.review import ReviewPart

MOST_BOUNDARIES = 100
"""Parts that hold parts. The parser tries the end of every open one on every line."""
MOST_PARTS = 2000
TEXT_LIMIT = 2_000_000
"""Characters of a text or HTML part that are looked at; Gmail clips HTML at 102 KB."""
HEADER_LIMIT = 256 * 1024
"""Bytes of a header that are looked at. Servers take less (Postfix's header_size_limit: 102,400 a field)."""

_NESTING = re.compile(rb"boundary[*\d]*\s*=|message/", re.IGNORECASE)
_TYPE_FIELD = re.compile(rb"^content-(?:type|disposition)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE | re.IGNORECASE)
LONGEST_TYPE = 8192
"""Bytes of a field with parameters; the parser's time grows with their square."""
_DELIMITER = re.compile(rb"^--", re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")


class _Raw(Message):
    """A message whose body can be had as it is sent; ``get_payload`` would decode it by its charset."""

    def sent(self) -> bytes:
        """The bytes of a leaf."""
        payload = vars(self).get("_payload")  # no public way gives it undecoded
        return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf or a container of the message. ``text`` is "" for what is no text; ``raw`` is as it is sent."""

    shown: ReviewPart
    path: str
    content_id: str
    raw: bytes
    body: bytes
    text: str
    decoding: str
    """What went wrong with the transfer encoding; "" for nothing."""
    known_charset: bool
    exact: bool
    """Whether the bytes are what the charset says."""
    within: str
    """The container's type; "" at the top."""
    closed: bool = True

    @property
    def label(self) -> str:
        """How findings name it."""
        return f"{self.shown.number} {self.shown.type}"

    @property
    def is_attachment(self) -> bool:
        """Whether readers get it as a file."""
        return self.shown.disposition == "attachment" or not self.shown.type.startswith(("text/", "multipart/"))


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as it was read. ``too_complex`` counts the boundaries of one whose body was not read."""

    raw: bytes
    header: bytes
    body: bytes
    parts: tuple[Part, ...]
    too_complex: int = 0


def read(raw: bytes) -> Mail:
    """Take a message apart. Never raises."""
    end = _HEADER_END.search(raw)
    header, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    nesting = sum(1 for _ in _NESTING.finditer(raw))
    delimiters = sum(1 for _ in _DELIMITER.finditer(body))
    long_type = any(found.end() - found.start() > LONGEST_TYPE for found in _TYPE_FIELD.finditer(raw))
    many = nesting > MOST_BOUNDARIES or (nesting and delimiters > MOST_PARTS)
    if many or long_type or len(header) > HEADER_LIMIT:
        return Mail(raw, header[:HEADER_LIMIT], body, (), nesting + delimiters)
    parsed = BytesParser(_Raw, policy=policy.compat32).parsebytes(raw)
    return Mail(raw, header, body, tuple(_parts(parsed, "", "", "")))


def of_html(raw: bytes, charset: str = "utf-8") -> Mail:
    """An HTML file as the only part of a message."""
    text, known, exact = decoded(raw, charset)
    shown = ReviewPart("1", "text/html", charset, "8bit", "", "", len(raw), len(raw))
    part = Part(shown, "1", "", raw, raw, text, "", known, exact, "")
    return Mail(raw, b"", raw, (part,))


def decoded(body: bytes, charset: str) -> tuple[str, bool, bool]:
    """The text, whether the charset is known, and whether the bytes fit it."""
    try:
        name = lookup(charset).name
        known = getattr(lookup(charset), "_is_text_encoding", True) and name not in ("idna", "punycode", "undefined")
        if known:
            return body.decode(name), True, True
    except UnicodeError:
        return body.decode(charset, "replace"), True, False
    except (LookupError, ValueError):
        pass
    return body.decode("utf-8", "replace"), False, True


def _parts(message: Message, number: str, path: str, within: str) -> list[Part]:
    """The part and what it holds, in order."""
    kind = message.get_content_type()
    if message.is_multipart():
        held = message.get_payload()
        listed = [each for each in held if isinstance(each, Message)] if isinstance(held, list) else []
        found = [_container(message, number or "0", kind, within)]
        for place, each in enumerate(listed, 1):
            found += _parts(each, f"{number}.{place}" if number else str(place), f"{path}/{kind}", kind)
        return found
    return [_leaf(message, number or "1", path, kind, within)]


def _container(message: Message, number: str, kind: str, within: str) -> Part:
    broken = any(type(defect).__name__ == "CloseBoundaryNotFoundDefect" for defect in message.defects)
    shown = ReviewPart(number, kind, "", "", "", "", 0, 0)
    return Part(shown, number, "", b"", b"", "", "", True, True, within, closed=not broken)


def _leaf(message: Message, number: str, path: str, kind: str, within: str) -> Part:
    raw = message.sent() if isinstance(message, _Raw) else b""
    encoding = str(message.get("Content-Transfer-Encoding") or "").strip().lower()
    body, fault = _unpacked(raw, encoding)
    charset = _charset(message)
    is_text = kind.startswith("text/")
    text, known, exact = decoded(body, charset or "utf-8") if is_text else ("", True, True)
    shown = ReviewPart(
        number, kind, charset, encoding[:40], _disposition(message), _filename(message), len(raw), len(body)
    )
    content_id = str(message.get("Content-ID") or "").strip().strip("<>")[:200]
    return Part(shown, f"{path}/{kind}", content_id, raw, body, text, fault, known, exact, within)


def _unpacked(raw: bytes, encoding: str) -> tuple[bytes, str]:
    """The bytes without their transfer encoding, and what was wrong with it."""
    if encoding in ("", "7bit", "8bit", "binary"):
        return raw, ""
    if encoding == "quoted-printable":
        return quopri.decodestring(raw), ""
    if encoding == "base64":
        bare = b"".join(raw.split())
        try:
            return b64decode(bare, validate=True), ""
        except (binascii.Error, ValueError):
            padded = re.sub(rb"[^A-Za-z0-9+/]", b"", bare)
            return b64decode(padded[: len(padded) // 4 * 4]), "its text is no base64"
    return raw, "there is no such encoding"


def _charset(message: Message) -> str:
    try:
        found = message.get_content_charset()
    except (LookupError, ValueError, TypeError):
        return "unreadable"
    return "".join(char for char in found if char.isprintable())[:40] if found else ""


def _disposition(message: Message) -> str:
    found = str(message.get("Content-Disposition") or "").partition(";")[0].strip().lower()
    return found if found in ("inline", "attachment") else ""


def _filename(message: Message) -> str:
    try:
        found = message.get_filename()
    except (LookupError, ValueError, TypeError):
        return "unreadable"
    return str(found or "")[:200]

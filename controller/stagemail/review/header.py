"""Header fields as they stand and as they are read: folded lines, encoded words, addresses; bounded.

Not here: what is wrong with them (``headers``). Sources: RFC 5322 section 2.2, RFC 2047.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from email.utils import getaddresses

from stagemail.review.message import decoded

LONGEST = 16_384
"""Characters of a field that are read."""
MOST_FIELDS = 2000

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN = re.compile(r"(?<=\?=)[ \t\r\n]+(?==\?)")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name as written, its value without folding, where it begins, its longest line in bytes."""

    name: str
    raw: bytes
    line: int
    longest: int

    @property
    def value(self) -> str:
        """Unfolded, undecoded; at most ``LONGEST`` characters."""
        text = self.raw[:LONGEST].decode("utf-8", "replace")
        return re.sub(r"\r?\n(?=[ \t])", "", text).strip(" \t\r\n")


@dataclass(frozen=True, slots=True)
class Word:
    """An encoded word and its text; None where it cannot be read."""

    written: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """All fields in order, and the lines that are none."""

    fields: tuple[Field, ...]
    malformed: tuple[int, ...]

    def all(self, name: str) -> list[Field]:
        """Every field of this name."""
        return [field for field in self.fields if field.name.lower() == name.lower()]

    def first(self, name: str) -> Field | None:
        """The first field of this name."""
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """The first field of this name as people read it; "" where there is none."""
        found = self.first(name)
        return readable(found.value) if found else ""


def read_header(raw: bytes) -> Header:
    """The fields of a header block."""
    fields: list[Field] = []
    malformed: list[int] = []
    lines: list[bytes] = []
    start = 1
    for number, line in enumerate([*raw.split(b"\n"), b""], 1):
        if line[:1] in (b" ", b"\t") and lines:
            lines.append(line)
            continue
        if lines:
            _add(lines, start, fields, malformed)
        lines, start = ([line] if line.strip() else []), number
        if len(fields) > MOST_FIELDS:
            break
    return Header(tuple(fields), tuple(malformed[:100]))


def _add(lines: list[bytes], start: int, fields: list[Field], malformed: list[int]) -> None:
    found = _FIELD.match(b"\n".join(lines))
    if found:
        longest = max(len(line.rstrip(b"\r")) for line in lines)
        fields.append(Field(found[1].decode("ascii"), found[2], start, longest))
    elif not (start == 1 and lines[0].startswith(b"From ")):  # the line that mailboxes (mbox) put first
        malformed.append(start)


def words(value: str) -> list[Word]:
    """The encoded words of a value."""
    return [Word(found[0], _word(found)) for found in _WORD.finditer(value)]


def readable(value: str) -> str:
    """The value with its encoded words read; what cannot be read stays as it is."""
    joined = _BETWEEN.sub("", value)
    return _WORD.sub(lambda found: found[0] if (text := _word(found)) is None else text, joined)


def _word(found: re.Match[str]) -> str | None:
    charset, encoding, text = found[1].partition("*")[0], found[2].lower(), found[3]
    if not text.isascii():
        return None
    try:
        if encoding == "b":
            body = b64decode(text + "=" * (-len(text) % 4), validate=True)
        else:
            if re.search(r"=(?![0-9A-Fa-f]{2})", text):
                return None
            plain = text.replace("_", " ")
            body = re.sub(rb"=([0-9A-Fa-f]{2})", lambda one: bytes([int(one[1], 16)]), plain.encode("ascii"))
    except (NotBase64, ValueError):
        return None
    result, known, exact = decoded(body, charset)
    return result if known and exact else None


def addresses(value: str) -> list[tuple[str, str]]:
    """Display names (read) and addresses of an undecoded value; what is no address is left out."""
    clean = value[:LONGEST].replace("\x00", "")
    try:
        pairs = getaddresses([clean])
    except (ValueError, IndexError, RecursionError):
        return []
    return [(readable(name), address) for name, address in pairs if address]


def domain_of(address: str) -> str:
    """What stands after the last @, in lower case."""
    return address.rpartition("@")[2].lower().rstrip(".")

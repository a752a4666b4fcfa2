"""Looks at the MIME structure: parts, transfer encodings, charsets, the text beside the HTML.

Not here: sizes (``sizes``), what is in the HTML (``page``).
"""

import re
from collections.abc import Iterable

from stagemail.review.header import Header
from stagemail.review.message import TEXT_LIMIT, Mail, Part
from stagemail.review.notes import Notes

ENCODED = ("quoted-printable", "base64")
LONGEST_LINE = 998
"""RFC 5322 section 2.1.1, without CR LF."""
LEAST_WORDS = 20
LEAST_SHARE = 25
"""Percent of the HTML's words that its text has; below that they are two messages."""

_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii", ""})
_WORD = re.compile(r"\w{2,}")


def look_at_structure(mail: Mail, header: Header, notes: Notes) -> None:
    """The message as a whole, then each part."""
    if not header.fields:
        notes.add("not-a-message", "message")
    if mail.too_complex:
        notes.add("too-many-parts", "message", count=mail.too_complex)
    if b"\0" in mail.raw:
        notes.add("nul-byte", "message", mail.raw.count(b"\n", 0, mail.raw.index(b"\0")) + 1)
    bare = re.search(rb"\r(?!\n)", mail.raw)
    if bare:
        notes.add("bare-cr", "message", mail.raw.count(b"\n", 0, bare.start()) + 1)
    mime = header.first("Content-Type") or header.first("Content-Transfer-Encoding")
    if mime and not header.first("MIME-Version"):
        notes.add("mime-version-missing", "header", mime.line)
    leaves = [part for part in mail.parts if not part.shown.type.startswith("multipart/")]
    if not mail.too_complex and not any(part.body.strip() for part in leaves):
        notes.add("empty-message", "message")
    for part in mail.parts:
        _container(part, notes)
        _encoding(part, notes)
        _charset(part, notes)


def look_at_alternatives(parts: Iterable[Part], shown_words: str, notes: Notes) -> None:
    """The plain text beside the HTML; ``shown_words`` is the text that the HTML shows."""
    texts = [part for part in parts if part.shown.type == "text/plain" and not part.is_attachment]
    pages = [part for part in parts if part.shown.type == "text/html" and not part.is_attachment]
    if not pages:
        return
    page = pages[0]
    if not texts:
        notes.add("no-text-alternative", page.label)
        return
    text = next((part for part in texts if part.within == "multipart/alternative"), texts[0])
    if "multipart/alternative" not in page.path or "multipart/alternative" not in text.path:
        notes.add("alternative-not-used", page.label)
    elif text.shown.number > page.shown.number and text.within == page.within:
        notes.add("text-after-html", text.label)
    if not text.text.strip():
        notes.add("empty-text-alternative", text.label)
        return
    wanted, there = set(_words(shown_words)), set(_words(text.text))
    share = 100 * len(wanted & there) // len(wanted) if wanted else 100
    if len(wanted) >= LEAST_WORDS and share < LEAST_SHARE:
        notes.add("different-text-alternative", text.label, share=share)


def _words(text: str) -> list[str]:
    return _WORD.findall(text[:TEXT_LIMIT].lower())


def _container(part: Part, notes: Notes) -> None:
    if part.shown.type.startswith("multipart/") and part.raw:  # the parser found no parts in it
        notes.add("missing-boundary", part.label, type=part.shown.type)
    elif not part.closed:
        notes.add("truncated", part.label, type=part.shown.type)


def _encoding(part: Part, notes: Notes) -> None:
    if part.decoding:
        notes.add("bad-transfer-encoding", part.label, encoding=part.shown.encoding, fault=part.decoding)
    longest, line = _longest(part.raw)
    if longest > LONGEST_LINE:
        notes.add("long-line", part.label, line, length=longest)
    if part.shown.encoding in ("", "7bit") and not part.raw.isascii():
        notes.add("raw-8bit-body", part.label, _first_8bit(part.raw))


def _charset(part: Part, notes: Notes) -> None:
    if not part.shown.type.startswith("text/") or part.is_attachment:
        return
    charset = part.shown.charset
    if not part.known_charset:
        notes.add("unknown-charset", part.label, charset=charset)
    elif not charset and not part.body.isascii():
        notes.add("charset-missing", part.label, _first_8bit(part.body))
    elif not part.exact:
        notes.add("charset-mismatch", part.label, charset=charset or "us-ascii")
    elif charset.lower() not in _UTF8:
        notes.add("charset-not-utf-8", part.label, charset=charset)


def _longest(raw: bytes) -> tuple[int, int]:
    """The longest line in bytes without its end, and its number."""
    if len(raw) <= LONGEST_LINE:
        return 0, 0
    length, number = max((len(line.rstrip(b"\r")), -number) for number, line in enumerate(raw.split(b"\n"), 1))
    return length, -number


def _first_8bit(raw: bytes) -> int:
    found = re.search(rb"[\x80-\xff]", raw)
    return raw.count(b"\n", 0, found.start()) + 1 if found else 0

"""Looks at all header fields: which are there, how they are encoded, what is smuggled in them.

Not here: the subject's wording and the sender (``sender``), MIME fields' meaning (``structure``).
"""

import re
import unicodedata
from email.utils import parsedate_to_datetime

from stagemail.review.header import LONGEST, Field, Header, Word, readable, words
from stagemail.review.notes import Notes
from stagemail.review.structure import LONGEST_LINE

ONCE = (
    "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
)  # fmt: skip
"""RFC 5322 section 3.6, RFC 2045 section 3."""
MIXED_IN = ("Subject", "From", "To", "Cc", "Reply-To", "Sender")
"""Fields that hold what people typed."""
_SMUGGLED = re.compile(rb"\A\s*(to|cc|bcc|from|subject|reply-to|content-type|mime-version)[ \t]*:", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_QUOTED_WORD = re.compile(r'"[^"]*=\?[^?"]+\?[bBqQ]\?[^"]*"')


def look_at_headers(header: Header, body: bytes, notes: Notes) -> None:
    """Everything but the sender and the subject's wording."""
    for line in header.malformed:
        notes.add("malformed-field", "header", line)
    _presence(header, notes)
    for field in header.fields[:500]:
        _written(field, notes)
    _form(header, notes)
    smuggled = _SMUGGLED.match(body[:200])
    if smuggled and not header.first("Content-Type"):
        notes.add("header-in-body", "header", field=smuggled[1].decode("ascii"))


def _presence(header: Header, notes: Notes) -> None:
    for name, code in (("From", "missing-from"), ("Date", "missing-date"), ("Message-ID", "missing-message-id")):
        if not header.first(name):
            notes.add(code, "header")
    if not header.text("Subject").strip():
        notes.add("missing-subject", "header")
    if not header.first("To") and not header.first("Cc"):
        notes.add("missing-recipient", "header")
    if not header.first("List-Unsubscribe"):
        notes.add("no-unsubscribe", "header")
    for name in ONCE:
        found = header.all(name)
        if len(found) > 1:
            notes.add("duplicate-field", "header", found[1].line, field=name, count=len(found))
    bcc = header.first("Bcc")
    if bcc:
        notes.add("bcc-in-message", "header", bcc.line)


def _written(field: Field, notes: Notes) -> None:
    if field.longest > LONGEST_LINE:
        notes.add("long-header-line", "header", field.line, field=field.name, length=field.longest)
    if not field.raw[:LONGEST].isascii():
        notes.add("raw-8bit-header", "header", field.line, field=field.name)
    value = field.value
    found = words(value)
    for word in found:
        _word(field, word, notes)
    if found and _QUOTED_WORD.search(value):
        notes.add("encoded-word-in-quotes", "header", field.line, field=field.name)
    if "=?" in value and not found and field.name.title() in MIXED_IN:
        notes.add("broken-encoded-word", "header", field.line, field=field.name, word=value)
    shown = readable(value)
    if any(char in "\r\n" or (unicodedata.category(char) == "Cc" and char != "\t") for char in shown):
        notes.add("header-injection", "header", field.line, field=field.name)
    if field.name.title() in MIXED_IN:
        hidden = next((char for place, char in enumerate(shown) if _is_hidden(shown, place)), None)
        if hidden:
            name = unicodedata.name(hidden, "without a name").lower()
            notes.add(
                "hidden-character", "header", field.line, field=field.name, character=f"U+{ord(hidden):04X} {name}"
            )


def _word(field: Field, word: Word, notes: Notes) -> None:
    if word.text is None:
        notes.add("broken-encoded-word", "header", field.line, field=field.name, word=word.written)
    if len(word.written) > 75:
        notes.add("long-encoded-word", "header", field.line, field=field.name, length=len(word.written))


def _form(header: Header, notes: Notes) -> None:
    date = header.first("Date")
    if date:
        try:
            parsedate_to_datetime(date.value[:200])
        except (ValueError, TypeError, IndexError, OverflowError):
            notes.add("bad-date", "header", date.line, value=date.value)
    identity = header.first("Message-ID")
    if identity and not _MESSAGE_ID.fullmatch(identity.value[:1000]):
        notes.add("bad-message-id", "header", identity.line, value=identity.value)


def _is_hidden(text: str, place: int) -> bool:
    """Whether nobody sees the character. The joiner inside an emoji is none of those."""
    if text[place] == "\u200d" and place and unicodedata.category(text[place - 1]) in ("So", "Sk", "Mn"):
        return False
    return unicodedata.category(text[place]) in ("Cf", "Zl", "Zp", "Co")

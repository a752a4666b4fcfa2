"""Looks at who writes, beside the sender of the stage, and at how the subject is worded.

Not here: whether the sender's domain would be believed (``check-sender``).
"""

import re
from typing import Any

from stagemail.model.review import ReviewSender
from stagemail.review.header import Header, addresses, domain_of
from stagemail.review.notes import Notes

LONG_SUBJECT = 78
LEAST_LETTERS = 8
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_EXCITED = re.compile(r"[!?]{2,}")
_REPLY = re.compile(r"\s*(re|fwd?|aw|wg)\s*(\[\d+\])?:", re.IGNORECASE)


def look_at_subject(header: Header, notes: Notes) -> None:
    """Its length and tone."""
    field, text = header.first("Subject"), header.text("Subject")
    if field is None or not text:
        return
    if len(text) > LONG_SUBJECT:
        notes.add("long-subject", "header", field.line, length=len(text))
    letters = [char for char in text[:1000] if char.isalpha() and char.upper() != char.lower()]
    if len(letters) >= LEAST_LETTERS and all(char.isupper() for char in letters):
        notes.add("shouting-subject", "header", field.line)
    if _EXCITED.search(text[:1000]):
        notes.add("excited-subject", "header", field.line)
    if _REPLY.match(text[:100]) and not header.first("In-Reply-To") and not header.first("References"):
        notes.add("false-reply", "header", field.line)


def look_at_sender(header: Header, sender: ReviewSender | None, notes: Notes) -> None:
    """From, Reply-To, and the stage's sender where it is known."""
    field = header.first("From")
    if field is None:
        return
    found = addresses(field.value)
    if not found or not _ADDRESS.fullmatch(found[0][1]):
        notes.add("bad-from", "header", field.line, value=field.value)
        return
    if len(found) > 1:
        notes.add("several-from-addresses", "header", field.line, count=len(found))
    name, address = found[0]
    other = _ADDRESS.search(name[:1000])
    if other and other[0].lower() != address.lower():
        notes.add("name-is-another-address", "header", field.line, shown=other[0], address=address)
    _reply_to(header, address, notes)
    if sender is not None:
        _stage(name, address, field.line, sender, notes)


def _reply_to(header: Header, address: str, notes: Notes) -> None:
    field = header.first("Reply-To")
    for _, answer in addresses(field.value) if field else ():
        theirs, ours = domain_of(answer), domain_of(address)
        if field and not related(theirs, ours):
            notes.add("reply-to-elsewhere", "header", field.line, address=answer, domain=ours)


def _stage(name: str, address: str, line: int, sender: ReviewSender, notes: Notes) -> None:
    facts: dict[str, Any] = {"address": address, "stage": sender.stage}
    if domain_of(address) != domain_of(sender.address):
        notes.add("not-the-stages-domain", "header", line, expected=domain_of(sender.address), **facts)
    elif address.lower() != sender.address.lower():
        notes.add("not-the-stages-sender", "header", line, expected=sender.address, **facts)
    if name.strip() != sender.name.strip() and sender.name:
        notes.add("not-the-stages-name", "header", line, name=name, stage=sender.stage, expected=sender.name)


def related(one: str, other: str) -> bool:
    """Whether one domain is the other, or below it."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")

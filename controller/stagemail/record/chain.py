"""The chain over the journal: each event's seal covers the event, its number and the seal before it (HMAC-SHA-256).

Whoever has the database and not the key cannot change, remove, add or reorder an event without being found out. An
older copy of the whole database, put in its place, is not found here: its seals are good.
Not here: tables (``entries``, ``sqlite_reader``).
"""

import hmac
import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from stagemail.dataclass import dataclass
from stagemail.model.event import Copied
from stagemail.model.standing import Audit
from stagemail.record.codec import Json

HEAD: Final = "events-head"
"""The mark that names the chain's first and last number and is sealed itself."""
Row = tuple[int, str, str, str, str, str]
"""Number, time, stage, kind, body and seal of an event, as they are stored."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain is: its first number, its last, and the seal of that."""

    first: int
    last: int
    seal: str

    def text(self, key: bytes) -> str:
        """As the mark keeps it."""
        return json.dumps([self.first, self.last, self.seal, _mac(key, "head", self.first, self.last, self.seal)])


def head_of(text: str | None, key: bytes) -> Head | None:
    """The head that ``text`` was given; None where there is none, or it is not ours."""
    try:
        first, last, seal, mac = json.loads(text or "null")
    except (ValueError, TypeError):
        return None
    good = hmac.compare_digest(str(mac), _mac(key, "head", first, last, seal))
    return Head(int(first), int(last), str(seal)) if good else None


def seal_of(key: bytes, before: str, event: tuple[int, str, str, str, str]) -> str:
    """The seal of one event: its number, time, stage, kind and body as they are stored."""
    return _mac(key, before, *event)


def body_text(body: Json) -> str:
    """A body as it is stored."""
    return json.dumps(body, separators=(",", ":"))


def audit(rows: Iterable[Row], head_text: str | None, key: bytes) -> Audit:
    """Go through all events in the order of their numbers."""
    head = head_of(head_text, key)
    if head is None:
        found = [row[0] for row in rows if row[5]]
        if head_text or found:
            return Audit(0, 0, f"the mark {HEAD} is missing or was altered, so nobody can see where the journal ends")
        return Audit(0, 0)
    before, sealed, unsealed, expected = "", 0, 0, head.first
    for number, at, stage, kind, body, seal in rows:
        if number < head.first:
            unsealed += 1
            continue
        if number != expected:
            return Audit(sealed, unsealed, _gap(expected, number))
        if not hmac.compare_digest(seal, seal_of(key, before, (number, at, stage, kind, body))):
            return Audit(sealed, unsealed, f"event {number} ({kind} of {stage or 'all'}, {at}) was altered or moved")
        before, sealed, expected = seal, sealed + 1, number + 1
    if expected - 1 != head.last or before != head.seal:
        return Audit(sealed, unsealed, _gap(expected, head.last + 1))
    return Audit(sealed, unsealed)


def copied_text(copied: Copied) -> str:
    """As the mark keeps it."""
    return json.dumps([copied.branch, copied.lines, copied.event])


def copied_of(text: str | None) -> Copied | None:
    """What the mark was given; None where there is none, or nobody can read it."""
    try:
        branch, lines, event = json.loads(text or "null")
        return Copied(str(branch), int(lines), int(event))
    except (ValueError, TypeError):
        return None


def _gap(expected: int, found: int) -> str:
    if found < expected:
        return f"event {found} was added after the journal's end ({expected - 1})"
    last = found - 1
    return f"event {expected} is missing" if last == expected else f"events {expected} to {last} are missing"


def _mac(key: bytes, *parts: Any) -> str:
    return hmac.new(key, json.dumps(["stagemail event", *parts]).encode(), sha256).hexdigest()

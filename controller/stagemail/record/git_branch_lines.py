"""Lines of the record on a branch: numbered, and each sealed together with the one before it.

A line is JSON: ``{"n", "at", "kind", "stage", "body", "mac"}``. Its seal is HMAC-SHA-256 (RFC 2104) over the previous
seal and the line's own bytes up to ``mac``, so a line that was forged, changed, moved or taken out of the middle shows,
with its place. The first line of a file is always a snapshot: what all earlier lines, which are no longer in the file,
came to, with the seal of the last of them. Not here: what lines say (``git_branch_facts``), lines missing at the end
(``git_branch_history``).
"""

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from stagemail.errors import CorruptRecord, UserMustFix
from stagemail.record.codec import Json, encode_instant
from stagemail.record.git_branch_facts import decode_fact, encode_fact
from stagemail.record.ledger import Fact

FORMAT: Final = 1
SNAPSHOT: Final = "snapshot"
START: Final = ""
"""The seal before the first line of all."""
ADOPT: Final = (
    "find out who changed the branch (git log). To go on without the record, delete the branch and run again: what is "
    "live is read from the platform and adopted, nothing is written for it"
)
_SEALED: Final = re.compile(rb'(\{.*),"mac":"([0-9a-f]{64})"\}')


@dataclass(frozen=True, slots=True)
class End:
    """Where a file ends: the number and the seal of its last line."""

    number: int = 0
    seal: str = START


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file: its facts in their order, where it ends, and how many bytes its snapshot has."""

    facts: tuple[Fact, ...] = ()
    end: End = End()
    snapshot_size: int = 0


class Seals:
    """Writes and reads lines with one key. ``where`` is what a place starts with: ``branch:file``."""

    def __init__(self, key: bytes, where: str) -> None:
        self._key = key
        self.where = where

    def snapshot(self, facts: Iterable[Fact], end: End, at: datetime) -> tuple[bytes, End]:
        """The line that a file begins with, instead of everything up to ``end``."""
        body = {"format": FORMAT, "after": end.seal, "facts": [encode_fact(fact) for fact in facts]}
        return self._line({"kind": SNAPSHOT, "stage": "", "body": body}, end, at)

    def lines(self, facts: Iterable[Fact], end: End, at: datetime) -> tuple[bytes, End]:
        """The lines that say these facts, after a file that ends there; and where it ends then."""
        written = []
        for fact in facts:
            line, end = self._line(encode_fact(fact), end, at)
            written.append(line)
        return b"".join(written), end

    def _line(self, said: Json, end: End, at: datetime) -> tuple[bytes, End]:
        number = end.number + 1
        line = {"n": number, "at": encode_instant(at), **said}
        open_ = json.dumps(line, separators=(",", ":")).encode("ascii").removesuffix(b"}")
        seal = self._seal(end.seal, open_)
        return open_ + f',"mac":"{seal}"}}\n'.encode("ascii"), End(number, seal)

    def _seal(self, before: str, open_: bytes) -> str:
        return hmac.new(self._key, before.encode("ascii") + b"\n" + open_, sha256).hexdigest()

    def read(self, data: bytes) -> Parsed:
        """Everything that a file says. Raises CorruptRecord with the place, UserMustFix (a newer stagemail's file)."""
        if not data.endswith(b"\n"):
            raise self._refused(data.count(b"\n") + 1, "is not a whole line")
        raw = data.removesuffix(b"\n").split(b"\n")
        facts: list[Fact] = []
        end = End()
        for place, line in enumerate(raw, 1):
            said, seal, open_ = self._parts(line, place)
            before = self._before(said, place) if place == 1 else end
            self._check(said, place, before, hmac.compare_digest(self._seal(before.seal, open_), seal))
            facts += self._facts(said, place)
            end = End(before.number + 1, seal)
        return Parsed(tuple(facts), end, len(raw[0]) + 1)

    def _parts(self, line: bytes, place: int) -> tuple[dict[str, Any], str, bytes]:
        found = _SEALED.fullmatch(line)
        try:
            said = json.loads(line) if found else None
        except (ValueError, RecursionError):
            said = None
        if found is None or not isinstance(said, dict) or not isinstance(said.get("n"), int):
            raise self._refused(place, "is none of ours")
        return said, found[2].decode("ascii"), found[1]

    def _before(self, said: dict[str, Any], place: int) -> End:
        """What comes before a file's first line, by its own word; the seal over it proves it."""
        body = said.get("body")
        if said.get("kind") != SNAPSHOT or not isinstance(body, dict):
            raise self._refused(place, "does not begin a record: lines before it were removed")
        return End(said["n"] - 1, str(body.get("after")))

    def _check(self, said: dict[str, Any], place: int, before: End, genuine: bool) -> None:
        if said["n"] != before.number + 1:
            raise self._refused(
                place, f"has the number {said['n']} where {before.number + 1} should be: lines were removed or moved"
            )
        if not genuine and place == 1:
            raise self._refused(place, "was changed, or sealed with another key than `stateKey` names")
        if not genuine:
            raise self._refused(place, "was forged or changed: its seal does not fit")

    def _facts(self, said: dict[str, Any], place: int) -> Iterator[Fact]:
        inside: Sequence[Any] = [said]
        if said.get("kind") == SNAPSHOT:
            if said["body"].get("format") != FORMAT or place != 1:
                raise self._newer(place)
            inside = said["body"]["facts"]
        try:
            yield from (decode_fact(fact) for fact in inside)
        except CorruptRecord:
            pass
        else:
            return
        raise self._newer(place)

    def _newer(self, place: int) -> UserMustFix:
        return UserMustFix(
            f"{self.where}:{place} is sealed with our key and says what this stagemail does not understand",
            hint="a newer stagemail wrote it: use that version here too",
        )

    def _refused(self, place: int, why: str) -> CorruptRecord:
        return CorruptRecord(f"{self.where}:{place} {why}; nothing of the record was believed", hint=ADOPT)

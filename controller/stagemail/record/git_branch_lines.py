"""Lines of the record on a branch: facts, sealed (``sealing``), behind a snapshot.

The first line of the file is always a snapshot: what all earlier lines, which are no longer in the file, came to, with
the seal of the last of them. Not here: what facts say (``git_branch_facts``), lines missing at the end
(``branch_history``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Final

from stagemail.dataclass import dataclass
from stagemail.errors import CorruptRecord, UserMustFix
from stagemail.record.codec import encode_instant
from stagemail.record.git_branch_facts import decode_fact, encode_fact
from stagemail.record.ledger import Fact
from stagemail.record.sealing import End, Sealing

FORMAT: Final = 1
SNAPSHOT: Final = "snapshot"
ADOPT: Final = (
    "find out who changed the branch (git log). To go on without the record, delete the branch and run again: what is "
    "live is read from the platform and adopted, nothing is written for it"
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file: its facts in their order, where it ends, and how many bytes its snapshot has."""

    facts: tuple[Fact, ...] = ()
    end: End = field(default_factory=End)
    snapshot_size: int = 0


class Seals(Sealing):
    """Writes and reads the record's lines with one key. ``where`` is what a place starts with: ``branch:file``."""

    def __init__(self, key: bytes, where: str) -> None:
        super().__init__(key, where, setting="stateKey", way_out=ADOPT)

    def snapshot(self, facts: Iterable[Fact], end: End, at: datetime) -> tuple[bytes, End]:
        """The line that a file begins with, instead of everything up to ``end``."""
        body = {"format": FORMAT, "after": end.seal, "facts": [encode_fact(fact) for fact in facts]}
        return self.line({"kind": SNAPSHOT, "stage": "", "body": body}, end, encode_instant(at))

    def lines(self, facts: Iterable[Fact], end: End, at: datetime) -> tuple[bytes, End]:
        """The lines that say these facts, after a file that ends there; and where it ends then."""
        written = []
        for fact in facts:
            line, end = self.line(encode_fact(fact), end, encode_instant(at))
            written.append(line)
        return b"".join(written), end

    def read(self, data: bytes) -> Parsed:
        """Everything that a file says. Raises CorruptRecord with the place, UserMustFix (a newer stagemail's file)."""
        raw = self.split(data)
        facts: list[Fact] = []
        end = self._before(raw[0])
        for place, line in enumerate(raw, 1):
            said, end = self.check(line, place, end)
            facts += self._facts(said, place)
        return Parsed(tuple(facts), end, len(raw[0]) + 1)

    def _before(self, line: bytes) -> End:
        """What comes before a file's first line, by its own word; the seal over it proves it."""
        said, _, _ = self.parts(line, 1)
        body = said.get("body")
        if said.get("kind") != SNAPSHOT or not isinstance(body, dict):
            raise self.refused(1, "does not begin a record: lines before it were removed")
        return End(said["n"] - 1, str(body.get("after")))

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

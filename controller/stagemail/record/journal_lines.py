"""Lines of the journal's copy on a branch: an event of the database each, sealed with a key of the copy's own.

Not here: files and commits (``journal_branch``), seals (``sealing``).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from stagemail.errors import CorruptRecord, UserMustFix
from stagemail.model.event import Anew, Event
from stagemail.record.chain import body_text
from stagemail.record.sealing import End, Sealing

FORMAT: Final = 1
ANEW: Final = "anew"
SETTING: Final = "journal.key"
KEEP: Final = (
    "find out who changed the branch (git log), and keep it as it is. To go on, name another branch under "
    "`journal.branch`: the whole journal is copied to it"
)


class JournalSeals(Sealing):
    """Writes and reads the lines with one key. ``where`` is what a place starts with: ``branch:file``."""

    def __init__(self, key: bytes, where: str) -> None:
        super().__init__(key, where, setting=SETTING, way_out=KEEP)

    def lines(self, said: Iterable[Event | Anew], end: End, at: str) -> tuple[bytes, End]:
        """The lines that say this; and where they end then. ``at``: when, for those that are no event (ISO 8601)."""
        written = []
        for each in said:
            line, end = self.line(_plain(each), end, each.at if isinstance(each, Event) else at)
            written.append(line)
        return b"".join(written), end

    def read(self, data: bytes, end: End) -> tuple[tuple[Event | Anew, ...], End]:
        """What a file says that comes after those that end there. Raises CorruptRecord, UserMustFix (newer)."""
        found = []
        for place, line in enumerate(self.split(data), 1):
            said, end = self.check(line, place, end)
            found.append(self._said(said, place))
        return tuple(found), end

    def _said(self, said: dict[str, Any], place: int) -> Event | Anew:
        try:
            if said["kind"] == ANEW and said["format"] == FORMAT:
                return Anew(int(said["after"]))
            return Event(int(said["event"]), said["at"], said["stage"], said["kind"], body_text(said["body"]))
        except (KeyError, TypeError, ValueError):
            raise UserMustFix(
                f"{self.where}:{place} is sealed with our key and says what this stagemail does not understand",
                hint="a newer stagemail wrote it: use that version here too",
            ) from None


def _plain(said: Event | Anew) -> dict[str, Any]:
    if isinstance(said, Anew):
        return {"kind": ANEW, "stage": "", "format": FORMAT, "after": said.after}
    try:
        body = json.loads(said.body)
    except ValueError:
        raise CorruptRecord(
            f"{said.place} cannot be read in the database", hint="`stagemail history --verify` tells what is wrong"
        ) from None
    return {"event": said.number, "stage": said.stage, "kind": said.kind, "body": body}


def subject(said: Sequence[Event | Anew]) -> str:
    """What a commit with these lines is called."""
    events = [each.number for each in said if isinstance(each, Event)]
    if not events:
        return "Begin to copy the journal"
    return f"Copy event {events[0]}" if len(events) == 1 else f"Copy events {events[0]} to {events[-1]}"

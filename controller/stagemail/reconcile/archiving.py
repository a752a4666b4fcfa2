"""Copies the journal to its branch: what is new since the last time, in batches, and never twice.

Where the branch ends decides, not what we remember: so a crash, a lost answer or another controller costs a look.
Where the database does not go on where the branch ends (it was lost, or an older copy is in its place), the copy begins
anew after what both have, and says so in a line of its own: what the branch has stays.
Not here: when, and that Git may be away (``wiring.archiver``), comparing both (``comparing_journals``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stagemail.errors import Busy, CorruptRecord
from stagemail.journal_ports import Archive, Archived, Journaled
from stagemail.model.event import Anew, Copied, Event

BATCH: Final = 2000
"""Events of one push."""
ATTEMPTS: Final = 6
"""How often others may be faster."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of copying did: so many events, and whether the copy began anew because of another database."""

    events: int = 0
    begun_anew: bool = False


def copy(record: Journaled, archive: Archive) -> Round:
    """Copy what is new. Raises CorruptRecord where the branch was rewound, Busy, and what record and archive raise."""
    copied, begun_anew = 0, False
    lost = 0
    end = _end(record, archive)
    while lost < ATTEMPTS:
        anew = _anew(record, archive, end)
        after = anew.after if anew is not None else end.last.number if end.last is not None else 0
        events = record.events(after, BATCH)
        if not events:
            _note(record, archive, end)
            return Round(copied, begun_anew)
        added = archive.add([*([anew] if anew is not None else []), *events], end)
        if added is None:
            lost += 1
            end = _end(record, archive)
            continue
        begun_anew = begun_anew or (anew is not None and end.lines > 0)
        copied += len(events)
        end = added
        _note(record, archive, end)
    raise Busy(
        f"others keep writing to the branch {archive.name}; after {ATTEMPTS} attempts no event was copied",
        hint="nothing is lost: the next round goes on",
    )


def waiting(record: Journaled, name: str, most: int = 100_000) -> int:
    """How many events are not on the branch of this name yet, counted up to ``most``."""
    mark = record.copied()
    after = mark.event if mark is not None and mark.branch == name else 0
    return sum(1 for _ in all_events(record, after, most))


def all_events(record: Journaled, after: int = 0, most: int | None = None) -> Iterator[Event]:
    """Every event above a number, read piece by piece."""
    given = 0
    while some := record.events(after, BATCH):
        for event in some:
            if most is not None and given >= most:
                return
            yield event
            given += 1
        after = some[-1].number


def _end(record: Journaled, archive: Archive) -> Archived:
    """Where the copy ends. The mark is read first: another controller may add lines in between, never take any away."""
    mark = record.copied()
    end = archive.end()
    if mark is not None and mark.branch == archive.name and end.lines < mark.lines:
        had = "is gone" if not end.lines else f"has {end.lines} lines"
        raise rewound(archive.name, had, mark.lines)
    return end


def rewound(name: str, had: str, lines: int) -> CorruptRecord:
    """The error about a branch that has lost lines which were on it."""
    return CorruptRecord(
        f"the branch {name} {had}, and {lines} had been copied to it: somebody rewound or deleted it",
        hint="forbid force pushes and deletion of it, and find out who did that. The database still has every event: "
        "to copy them all again, name another branch under `journal.branch`",
    )


def _anew(record: Journaled, archive: Archive, end: Archived) -> Anew | None:
    """The line that must come first: none where the database goes on where the branch ends."""
    if not end.lines:
        return Anew(0)
    if end.last is None:  # it began anew, and the events behind that line were never pushed
        return Anew(common(record, archive))
    own = record.events(end.last.number - 1, 1)
    if own == (end.last,) or not record.events(0, 1):
        return None
    return Anew(common(record, archive))


def common(record: Journaled, archive: Archive) -> int:
    """The last event up to which both have the same ones, from the first on."""
    kept: dict[int, Event] = {}
    for line in archive.read():
        if isinstance(line, Anew):
            kept = {number: event for number, event in kept.items() if number <= line.after}
        else:
            kept[line.number] = line
    last = 0
    for event in all_events(record):
        if kept.get(event.number) != event:
            break
        last = event.number
    return last


def _note(record: Journaled, archive: Archive, end: Archived) -> None:
    copied = Copied(archive.name, end.lines, end.last.number if end.last is not None else 0)
    if record.copied() != copied:
        record.note_copied(copied)

"""Compares the journal in the database with its copy on a branch, and names the first difference.

Not here: the chain of each (``record.chain``, ``record.sealing``), copying (``archiving``).
"""

from dataclasses import dataclass, field
from typing import Final

from stagemail.journal_ports import Archive, Journaled
from stagemail.model.event import Anew, Event
from stagemail.reconcile.archiving import all_events, rewound

BEFORE_ALL: Final = -(2**62)
"""Below the number of every event, also of those that somebody put in front."""


@dataclass(frozen=True, slots=True)
class Compared:
    """``same``: events that both have; ``waiting``: those that only the database has, since they are newer.

    ``fault``: the first difference, in words; ``hint``: what to do about it.
    """

    same: int = 0
    waiting: int = 0
    fault: str = ""
    hint: str = ""


@dataclass(slots=True)
class _Copy:
    """What the branch says: the events that hold, and those that it alone has of a database that was before."""

    lines: int = 0
    events: dict[int, Event] = field(default_factory=dict)
    before: tuple[Event, ...] = ()


def compared(record: Journaled, archive: Archive) -> Compared:
    """Compare all of it. Raises what record and archive raise (CorruptRecord: a line of the branch was altered)."""
    mark = record.copied()
    copy = _read(archive)
    if mark is not None and mark.branch == archive.name and copy.lines < mark.lines:
        had = "is gone" if not copy.lines else f"has {copy.lines} lines"
        error = rewound(archive.name, had, mark.lines)
        return Compared(fault=error.message, hint=error.hint)
    found = _differences(record, archive.name, copy.events)
    if found.fault or not copy.before:
        return found
    first, last = copy.before[0], copy.before[-1]
    return Compared(
        found.same,
        found.waiting,
        f"the branch {archive.name} has {_count(len(copy.before))} of another database, from {first.place} to "
        f"{last.place}: the database was lost, or an older copy of it is in its place",
        "`stagemail history --from-branch` lists both. Once it is known how that came about, name another branch under "
        "`journal.branch`, and keep this one",
    )


def _read(archive: Archive) -> _Copy:
    copy = _Copy()
    for line in archive.read():
        copy.lines += 1
        if isinstance(line, Anew):
            copy.before += tuple(event for number, event in sorted(copy.events.items()) if number > line.after)
            copy.events = {number: event for number, event in copy.events.items() if number <= line.after}
        else:
            copy.events[line.number] = line
    return copy


def _differences(record: Journaled, name: str, kept: dict[int, Event]) -> Compared:
    """Both in the order of their numbers."""
    expected = iter(sorted(kept.items()))
    number, event = next(expected, (0, None))
    same = waiting = 0
    for own in all_events(record, after=BEFORE_ALL):
        if event is None:
            waiting += 1
            continue
        if own.number > number:
            return _missing(same, event, name)
        if own.number < number:
            fault = f"{own.place} is in the database and not on the branch {name}, which goes on after it"
            return Compared(same, 0, fault, "somebody added it to the database, or took it from the branch")
        if own != event:
            fault = f"{own.place} is another one in the database than on the branch {name}: {_told(event)}"
            hint = "it was altered since it was copied, or another database is in its place"
            return Compared(same, 0, fault, hint)
        same += 1
        number, event = next(expected, (0, None))
    if event is not None:
        behind = 1 + sum(1 for _ in expected)
        fault = f"the branch {name} goes on after the database: {_count(behind)} more, from {event.place} on"
        hint = "the database was lost, or an older copy is in its place; `stagemail history --from-branch` lists them"
        return Compared(same, 0, fault, hint)
    return Compared(same, waiting)


def _missing(same: int, event: Event, name: str) -> Compared:
    fault = f"{event.place} is on the branch {name} and not in the database: it was deleted there"
    return Compared(same, 0, fault, "`stagemail history --from-branch` lists it; find out who changed the database")


def _told(event: Event) -> str:
    body = event.body if len(event.body) <= 300 else f"{event.body[:300]}…"
    return f"{event.kind} of {event.stage or 'all'}, {event.at}: {body}"


def _count(number: int) -> str:
    return f"{number} event{'' if number == 1 else 's'}"

"""The ports of the journal's second copy: a record that can be copied, and where it is copied to.

A floor of its own beside ``ports``, which the loop and its passes share and nothing here needs.
Not here: adapters (``record``), copying (``reconcile.archiving``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from stagemail.model.event import Anew, Copied, Event


class Journaled(Protocol):
    """A record whose journal can be copied; one that has no database of its own gives no events."""

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        """The first ``most`` events whose numbers are above ``after``, in their order."""
        ...

    def copied(self) -> Copied | None:
        """How far it was copied, as ``note_copied`` was last told; None where it never was."""
        ...

    def note_copied(self, copied: Copied) -> None:
        """Remember how far it was copied. No event is made of it."""
        ...


@dataclass(frozen=True, slots=True)
class Archived:
    """Where a copy ends: how many lines it has, and its last event; ``last`` None: it holds none, or began anew."""

    lines: int = 0
    last: Event | None = None


class Archive(Protocol):
    """A copy of the journal outside of the database.

    Every method raises Unreachable, NotPermitted, UserMustFix, CorruptRecord (with the place).
    """

    @property
    def name(self) -> str:
        """What it is called: its branch."""
        ...

    def end(self) -> Archived:
        """Where it ends now, as everybody else sees it."""
        ...

    def add(self, lines: Sequence[Event | Anew], after: Archived) -> Archived | None:
        """Add lines behind ``after``: all of them, or none. None where somebody else was faster."""
        ...

    def read(self) -> Iterator[Event | Anew]:
        """Every line in the order in which it was added."""
        ...

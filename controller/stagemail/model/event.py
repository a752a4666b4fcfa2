"""One event of the append-only journal, as it is stored, and how far the journal was copied.

Not here: what an event says (``record.events``), the chain over all of them (``record.chain``).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """``at`` and ``body`` are texts exactly as they are stored: an instant in ISO 8601, and JSON."""

    number: int
    at: str
    stage: str
    kind: str
    body: str

    @property
    def place(self) -> str:
        """Which event it is, in words."""
        return f"event {self.number} ({self.kind} of {self.stage or 'all'}, {self.at})"


@dataclass(frozen=True, slots=True)
class Copied:
    """How far the journal was copied to a branch: so many ``lines`` are on it, the last of this event."""

    branch: str
    lines: int
    event: int


@dataclass(frozen=True, slots=True)
class Anew:
    """A line of a copy that is no event: the next ones are of a database that goes on after this event (0: empty)."""

    after: int

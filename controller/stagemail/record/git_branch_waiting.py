"""What a run has to say and has not pushed yet, and how the file grows when it does.

Not here: when it is pushed (``git_branch``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import datetime
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.errors import NeverAgain
from stagemail.ports import Lease
from stagemail.record.git_branch_facts import essence
from stagemail.record.git_branch_history import Seen
from stagemail.record.git_branch_lines import Parsed, Seals
from stagemail.record.ledger import LEASE, Fact, Holding, Ledger

GROWTH: Final = 512 * 1024
"""Bytes of lines (or as many as the snapshot has, if that is more) after which they become a snapshot."""


@dataclass(slots=True)
class Waiting:
    """Facts under their leases, and leases that were renewed for ourselves only."""

    appended: list[tuple[Sequence[Fact], Lease]] = field(default_factory=list)
    renewed: dict[str, Holding] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.appended)

    def add(self, facts: Sequence[Fact], lease: Lease) -> None:
        """Let these wait."""
        if facts:
            self.appended.append((facts, lease))

    def clear(self) -> None:
        """All of it was pushed."""
        self.appended.clear()
        self.renewed.clear()

    def facts(self) -> Iterator[Fact]:
        """Everything that waits, in its order."""
        for facts, _ in self.appended:
            yield from facts
        for _, holding in sorted(self.renewed.items()):
            yield LEASE, holding

    def on(self, pushed: Ledger) -> Ledger:
        """What is known with what waits. Whatever another run's lease has overtaken is dropped, but for the run itself:
        it was done, and the record says so, as ``reconcile.journal`` asks for."""
        view = pushed.copy()
        for scope, mine in list(self.renewed.items()):
            held = pushed.holding.get(scope)
            if held is None or (held.fence, held.owner) != (mine.fence, mine.owner):
                del self.renewed[scope]
        self.appended = [(_kept(view, facts, lease), lease) for facts, lease in self.appended]
        view.learn((LEASE, holding) for holding in self.renewed.values())
        return view


def _kept(view: Ledger, facts: Sequence[Fact], lease: Lease) -> Sequence[Fact]:
    """Learn the facts, or of a lost lease only the run; gives what was learnt."""
    changed = view.copy()
    try:
        changed.require(lease)
        changed.learn(facts)
    except NeverAgain:
        facts = [(kind, value) for kind, value in facts if kind == "run"]
    view.learn(facts)
    return facts


def grown(seen: Seen, facts: Sequence[Fact], known: Ledger, seals: Seals, now: datetime) -> tuple[bytes, Parsed]:
    """The file with these facts at its end; its lines become a snapshot where they have grown too many."""
    start, end, size = seen.data, seen.parsed.end, seen.parsed.snapshot_size
    if not start or len(start) - size > max(GROWTH, size):
        start, end = seals.snapshot(essence(known), end, now)
        size = len(start)
    lines, end = seals.lines(facts, end, now)
    return start + lines, Parsed((), end, size)

"""Whether the runs and decisions that a record lists are those that its journal tells of.

The seals are over the events; what `history` lists lies in tables beside them, where one row is as easily altered.
Not here: the seals (``chain``), what a copy on a branch tells (``journal_runs``).
"""

import json
from collections.abc import Iterable
from dataclasses import fields, replace
from itertools import chain
from typing import Final, Protocol

from stagemail.errors import CorruptRecord
from stagemail.model.event import Event
from stagemail.model.run import Run
from stagemail.model.standing import Decision
from stagemail.record.git_branch_facts import decode_fact
from stagemail.record.ledger import Ledger

BATCH: Final = 1000
"""Events that are read at once."""
TRIES: Final = 10
"""How often a record is read that others write to."""
_ALL: Final = 2**31
_BEFORE_ALL: Final = -(2**62)
_KINDS: Final = ("run", "intent", "settled", "decision")


class Listing(Protocol):
    """A record with a journal, as far as it is compared here."""

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        """See ``journal_ports.Journaled.events``."""
        ...

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        ...

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        ...


def differs(record: Listing) -> str:
    """The first run or decision that is listed otherwise than its events tell, in words; "" where there is none.

    What others write meanwhile is read again, and left out where they never pause.
    """
    known, passed_over, last = Ledger(), set[str](), _BEFORE_ALL
    for _ in range(TRIES):
        last = _learn(known, passed_over, record, last)
        runs, decisions = record.runs(None, _ALL), record.decisions()
        newer = {event.stage for event in record.events(last, BATCH)}
        if not newer:
            break
    passed_over |= newer
    found = _runs(known.run, {run.id: run for run in runs}, passed_over)
    return found or _decisions(known.decisions(), decisions, passed_over)


def _learn(known: Ledger, passed_over: set[str], record: Listing, last: int) -> int:
    """Take all newer events; stages with one that nobody here understands are passed over. Gives the last number."""
    while some := record.events(last, BATCH):
        for event in some:
            if event.kind in _KINDS:
                data = {"kind": event.kind, "stage": event.stage, "body": json.loads(event.body)}
                try:
                    known.learn([decode_fact(data)])
                except CorruptRecord:
                    passed_over.add(event.stage)
        last = some[-1].number
    return last


def _runs(told: dict[str, Run], listed: dict[str, Run], passed_over: set[str]) -> str:
    for run in chain(told.values(), listed.values()):
        name = f"run {run.id} of {run.stage}"
        if run.stage in passed_over:
            continue
        if run.id not in listed:
            return f"{name} is in the journal and not in the list"
        if run.id not in told:
            return f"{name} is in the list and not in the journal"
        one, other = _sorted(told[run.id]), _sorted(listed[run.id])
        if one != other:
            names = [each.name for each in fields(Run) if getattr(one, each.name) != getattr(other, each.name)]
            return f"{name} is not what the journal tells in its {', '.join(names)}"
    return ""


def _sorted(run: Run) -> Run:
    return replace(run, outcomes=tuple(sorted(run.outcomes, key=lambda outcome: outcome.step)))


def _decisions(told: Iterable[Decision], listed: Iterable[Decision], passed_over: set[str]) -> str:
    one, other = ([d for d in some if d.stage not in passed_over] for some in (told, listed))
    for decision in chain(one, other):
        if decision not in one or decision not in other:
            about = f"what {decision.actor} decided ({decision.kind} {decision.stage or 'of all stages'})"
            return f"{about} is not in the {'journal' if decision in other else 'list of decisions'} like this"
    return ""

"""What a record knows, as plain data in memory: entries and leases, and what they mean to each other.

What the port leaves open, every adapter does like this: an outcome joins its run's outcomes, so that a run that was
killed shows what it did; a run recorded again without outcomes keeps those; an intent that is settled stays so; a lease
that was given back is lost. Not here: keeping it (``memory``, ``git_branch``), threads.
"""

from collections.abc import Callable, Iterable
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from stagemail.dataclass import dataclass
from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.model.standing import Decision, Standing
from stagemail.ports import Entry, Lease
from stagemail.record.codec import check_storable
from stagemail.record.refusals import busy, lease_lost, unknown_intent
from stagemail.record.renewing import is_over
from stagemail.record.versions import MOST_DECISIONS

LEASE: Final = "lease"
CLOSED: Final = "closed"
"""Kinds of facts that no entry is: a holding, and the id of an intent whose outcome its run holds already."""
_MEMBERS: Final = ("run", "intent", "settled", "applied", "forgotten", "identity", "standing", "decision")


@dataclass(frozen=True, slots=True)
class Holding:
    """A lease as a record keeps it; ``owner`` is "" after a release, the fence stays."""

    scope: str
    owner: str
    fence: int
    since: datetime
    until: datetime


Fact = tuple[str, Any]
"""One thing that a record knows: its kind, and the entry's member, the ``Holding`` or the id."""


def facts_of(entries: Iterable[Entry]) -> list[Fact]:
    """The one member of each entry that is set, with its name. Raises TypeError for what must not be stored."""
    return [_fact(entry) for entry in entries]


def _fact(entry: Entry) -> Fact:
    check_storable(entry.applied, entry.intent)
    members = [(kind, value) for kind in _MEMBERS if (value := getattr(entry, kind)) is not None]
    if len(members) != 1:
        raise TypeError("an entry holds exactly one thing")
    return members[0]


@dataclass(slots=True)
class Ledger:
    """Everything that one append may change; copied before it is changed, so that an append can be taken back."""

    run: dict[str, Run] = field(default_factory=dict)
    intent: dict[str, Intent] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    resource: dict[Key, AppliedResource] = field(default_factory=dict)
    stage: dict[str, StageIdentity] = field(default_factory=dict)
    holding: dict[str, Holding] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    decided: dict[str, Decision] = field(default_factory=dict)

    def copy(self) -> "Ledger":
        """The same knowledge, to be changed on its own."""
        return Ledger(
            dict(self.run), dict(self.intent), set(self.closed), dict(self.resource), dict(self.stage),
            dict(self.holding), dict(self.standings), dict(self.decided),
        )  # fmt: skip

    def learn(self, facts: Iterable[Fact]) -> None:
        """Take facts in their order. Raises CorruptRecord for an outcome of an intent that was never recorded."""
        for kind, value in facts:
            self._learn(kind, value)

    def _learn(self, kind: str, value: Any) -> None:
        if kind == "run":
            known = self.run.get(value.id)
            self.run[value.id] = replace(value, outcomes=value.outcomes or (known.outcomes if known else ()))
        elif kind == "intent":
            self.intent[value.id] = value
        elif kind == "settled":
            self._settle(*value)
        elif kind == "applied":
            self.resource[value.key] = value
        elif kind == "forgotten":
            self.resource.pop(value, None)
        elif kind == "identity":
            self.stage[value[0]] = value[1]
        elif kind == "standing":
            self.standings[value.stage] = value
        elif kind == "decision":
            self.decided[value.id] = value
        elif kind == CLOSED:
            self.closed.add(value)
        else:
            self.holding[value.scope] = value

    def _settle(self, intent_id: str, outcome: Outcome) -> None:
        intent = self.intent.get(intent_id)
        if intent is None:
            raise unknown_intent(intent_id)
        self.closed.add(intent_id)
        run = self.run.get(intent.run)
        if run is not None:
            others = tuple(known for known in run.outcomes if known.step != outcome.step)
            self.run[run.id] = replace(run, outcomes=(*others, outcome))

    def applied(self, stage: str) -> Applied:
        """See ``ports.Record.applied``."""
        resources = (self.resource[key] for key in sorted(self.resource) if key.stage == stage)
        return Applied(stage, self.stage.get(stage), tuple(resources))

    def stages_of(self, key: str) -> tuple[str, ...]:
        """See ``ports.Record.stages_of``."""
        return tuple(sorted(stage for stage, known in self.stage.items() if known.key == key))

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """See ``ports.Record.open_intents``."""
        found = [i for i in self.intent.values() if i.key.stage == stage and i.id not in self.closed]
        return tuple(sorted(found, key=lambda intent: intent.at))

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        found = [run for run in reversed(self.run.values()) if stage in (None, run.stage)]
        return tuple(found[: max(limit, 0)])

    def standing(self, stage: str) -> Standing:
        """See ``ports.Standings.standing``."""
        return self.standings.get(stage, Standing(stage))

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        return tuple(self.decided.values())[-MOST_DECISIONS:]

    def take(
        self, scope: str, owner: str, now: datetime, seconds: float, is_gone: Callable[[str], bool]
    ) -> tuple[Lease, Holding]:
        """The lease of a scope that is free, expired, was given back, or whose holder is gone. Raises Busy.

        Not even its own holder can take a lease twice.
        """
        held = self.holding.get(scope)
        if held is not None and held.owner and not is_over(held.since, held.until, now) and not is_gone(held.owner):
            raise busy(scope, held.owner, held.since, held.until)
        until = now + timedelta(seconds=seconds)
        fence = held.fence + 1 if held else 1
        return Lease(scope, owner, fence, until), Holding(scope, owner, fence, now, until)

    def require(self, lease: Lease) -> Holding:
        """Raise LeaseLost unless this lease is the newest of its scope and was not given back."""
        held = self.holding.get(lease.scope)
        if held is None or held.fence != lease.fence or held.owner != lease.owner:
            raise lease_lost(lease, held.owner if held else "")
        return held

    def given_back(self, lease: Lease) -> Holding | None:
        """The scope without its holder; None where it is somebody else's, or free, by now."""
        held = self.holding.get(lease.scope)
        mine = held is not None and held.fence == lease.fence and held.owner
        return replace(held, owner="") if held is not None and mine else None

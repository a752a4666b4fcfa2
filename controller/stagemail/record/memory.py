"""The reference record: everything in this process's memory, nothing kept.

Not here: durability. ``sql`` passes the same contract suite and keeps what it is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock

from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.ports import Entry, Lease
from stagemail.record.codec import check_storable
from stagemail.record.refusals import busy, lease_lost, unknown_intent


@dataclass(slots=True)
class _State:
    """Everything that one append may change, so that an append can be taken back."""

    runs: dict[str, Run] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    applied: dict[Key, AppliedResource] = field(default_factory=dict)
    identities: dict[str, StageIdentity] = field(default_factory=dict)

    def copy(self) -> "_State":
        return _State(dict(self.runs), dict(self.intents), set(self.settled), dict(self.applied), dict(self.identities))


@dataclass(frozen=True, slots=True)
class _Holding:
    """A lease as the record keeps it; ``owner`` is "" after a release, the fence stays."""

    owner: str
    fence: int
    since: datetime
    until: datetime


class MemoryRecord:
    """Implements ``ports.Record`` and ``ports.Leases``. ``key``: the 32 bytes of secret fingerprints.

    What the port leaves open, every adapter does like this: an outcome joins its run's outcomes, so that a run that
    was killed shows what it did; a run recorded again without outcomes keeps those; an intent that is settled stays
    so; a lease that was given back is lost.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._state = _State()
        self._holdings: dict[str, _Holding] = {}
        self._lock = RLock()

    def append(self, entries: Iterable[Entry], lease: Lease | None) -> None:
        """See ``ports.Record.append``."""
        with self._lock:
            if lease is not None:
                self._held(lease)
            state = self._state.copy()
            for entry in entries:
                _keep(state, entry)
            self._state = state

    def applied(self, stage: str) -> Applied:
        """See ``ports.Record.applied``."""
        resources = (self._state.applied[key] for key in sorted(self._state.applied) if key.stage == stage)
        return Applied(stage, self._state.identities.get(stage), tuple(resources))

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """See ``ports.Record.open_intents``."""
        state = self._state
        found = [i for i in state.intents.values() if i.key.stage == stage and i.id not in state.settled]
        return tuple(sorted(found, key=lambda intent: intent.at))

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        found = [run for run in reversed(self._state.runs.values()) if stage in (None, run.stage)]
        return tuple(sorted(found, key=lambda run: run.started, reverse=True)[:limit])

    def fingerprint_key(self) -> bytes:
        """See ``ports.Record.fingerprint_key``."""
        return self._key

    def acquire(self, scope: str, owner: str, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.acquire``. Not even its own holder can take a lease twice."""
        with self._lock:
            held = self._holdings.get(scope)
            if held is not None and held.owner and held.until > now:
                raise busy(scope, held.owner, held.since, held.until)
            until = now + timedelta(seconds=seconds)
            fence = held.fence + 1 if held else 1
            self._holdings[scope] = _Holding(owner, fence, now, until)
            return Lease(scope, owner, fence, until)

    def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.renew``. A lease that expired and that nobody took may be renewed."""
        with self._lock:
            held = self._held(lease)
            until = now + timedelta(seconds=seconds)
            self._holdings[lease.scope] = replace(held, until=until)
            return replace(lease, until=until)

    def release(self, lease: Lease) -> None:
        """See ``ports.Leases.release``."""
        with self._lock:
            held = self._holdings.get(lease.scope)
            if held is not None and held.fence == lease.fence:
                self._holdings[lease.scope] = replace(held, owner="")

    def _held(self, lease: Lease) -> _Holding:
        held = self._holdings.get(lease.scope)
        if held is None or held.fence != lease.fence or held.owner != lease.owner:
            raise lease_lost(lease, held.owner if held else "")
        return held


def _keep(state: _State, entry: Entry) -> None:
    check_storable(entry.applied, entry.intent)
    if entry.run is not None:
        _keep_run(state, entry.run)
    elif entry.intent is not None:
        state.intents[entry.intent.id] = entry.intent
    elif entry.settled is not None:
        _settle(state, *entry.settled)
    elif entry.applied is not None:
        state.applied[entry.applied.key] = entry.applied
    elif entry.forgotten is not None:
        state.applied.pop(entry.forgotten, None)
    elif entry.identity is not None:
        stage, identity = entry.identity
        state.identities[stage] = identity


def _keep_run(state: _State, run: Run) -> None:
    known = state.runs.get(run.id)
    outcomes = run.outcomes or (known.outcomes if known else ())
    state.runs[run.id] = replace(run, outcomes=outcomes)


def _settle(state: _State, intent_id: str, outcome: Outcome) -> None:
    intent = state.intents.get(intent_id)
    if intent is None:
        raise unknown_intent(intent_id)
    state.settled.add(intent_id)
    run = state.runs.get(intent.run)
    if run is not None:
        others = tuple(known for known in run.outcomes if known.step != outcome.step)
        state.runs[run.id] = replace(run, outcomes=(*others, outcome))

"""The reference record: everything in this process's memory, nothing kept.

Not here: what entries and leases mean (``ledger``); durability: ``sql`` and ``git_branch`` pass the same contract suite
and keep what they are told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import RLock

from stagemail.model.event import Copied, Event
from stagemail.model.run import Intent, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.model.standing import Audit, Decision, Standing
from stagemail.ports import Entry, Lease
from stagemail.record.ledger import LEASE, Ledger, facts_of
from stagemail.record.unknown import without_fingerprints


class MemoryRecord:
    """Implements ``ports.Record`` and ``ports.Leases``. ``key``: the 32 bytes of secret fingerprints."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._ledger = Ledger()
        self._lock = RLock()

    def append(self, entries: Iterable[Entry], lease: Lease | None) -> None:
        """See ``ports.Record.append``."""
        with self._lock:
            if lease is not None:
                self._ledger.require(lease)
            changed = self._ledger.copy()
            changed.learn(facts_of(entries))
            self._ledger = changed

    def applied(self, stage: str) -> Applied:
        """See ``ports.Record.applied``."""
        return self._ledger.applied(stage)

    def stages_of(self, key: str) -> tuple[str, ...]:
        """See ``ports.Record.stages_of``."""
        return self._ledger.stages_of(key)

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """See ``ports.Record.open_intents``."""
        return self._ledger.open_intents(stage)

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        return self._ledger.runs(stage, limit)

    def standing(self, stage: str) -> Standing:
        """See ``ports.Standings.standing``."""
        return self._ledger.standing(stage)

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        return self._ledger.decisions()

    def audit(self) -> Audit:
        """See ``ports.Standings.audit``; memory has no journal, so nothing in it can be wrong."""
        return Audit(0)

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        """See ``journal_ports.Journaled.events``; memory has no journal."""
        del after, most
        return ()

    def copied(self) -> Copied | None:
        """See ``journal_ports.Journaled.copied``."""
        return None

    def note_copied(self, copied: Copied) -> None:
        """See ``journal_ports.Journaled.note_copied``."""

    def fingerprint_key(self) -> bytes:
        """See ``ports.Record.fingerprint_key``."""
        return self._key

    def rekey(self, key: bytes, resources: Sequence[AppliedResource], lease: Lease) -> None:
        """See ``ports.Rekeying.rekey``."""
        with self._lock:
            self._ledger.require(lease)
            given = {resource.key for resource in resources}
            others = [r for r in self._ledger.resource.values() if r.key not in given]
            unknown = [replace(r, fields=without_fingerprints(r.fields)) for r in others]
            self.append([Entry(applied=resource) for resource in (*resources, *unknown)], lease)
            self._key = key

    def acquire(self, scope: str, owner: str, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.acquire``. Not even its own holder can take a lease twice."""
        with self._lock:
            lease, holding = self._ledger.take(scope, owner, now, seconds, lambda _owner: False)
            self._ledger.learn([(LEASE, holding)])
            return lease

    def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.renew``. A lease that expired and that nobody took may be renewed."""
        with self._lock:
            held = self._ledger.require(lease)
            until = now + timedelta(seconds=seconds)
            self._ledger.learn([(LEASE, replace(held, until=until))])
            return replace(lease, until=until)

    def release(self, lease: Lease) -> None:
        """See ``ports.Leases.release``."""
        with self._lock:
            free = self._ledger.given_back(lease)
            if free is not None:
                self._ledger.learn([(LEASE, free)])

"""A record whose every call is done whole: an interrupt that arrives meanwhile waits until it is over. What is
written to it has gone through the net.

Not here: what a record does (``record``), what an interrupt is (``cli.interrupts``).
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from stagemail.model.event import Copied, Event
from stagemail.model.run import Intent, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.model.standing import Audit, Decision, Standing
from stagemail.ports import Entry, Lease
from stagemail.reconcile.scrubbed import Scrub, scrubbed
from stagemail.record.state import KeptRecord
from stagemail.wiring.pulse import Pulse

Shield = Callable[[], AbstractContextManager[None]]
"""Makes the context in which no interrupt is raised."""


class ShieldedRecord:
    """Implements ``ports.Record`` and ``ports.Leases`` by another record, each call inside the shield."""

    def __init__(
        self,
        record: KeptRecord,
        shield: Shield,
        scrub: Scrub,
        note_begun: Callable[[], None] = lambda: None,
        pulse: Pulse | None = None,
    ) -> None:
        self._record = record
        self._shield = shield
        self._scrub = scrub
        self._note_begun = note_begun
        self._pulse = Pulse() if pulse is None else pulse

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know since it was opened."""
        return self._record.notices

    def append(self, entries: Iterable[Entry], lease: Lease | None) -> None:
        """See ``ports.Record.append``."""
        with self._shield(), self._pulse.felt():
            self._note_begun()
            self._record.append(scrubbed(entries, self._scrub), lease)

    def applied(self, stage: str) -> Applied:
        """See ``ports.Record.applied``."""
        with self._shield(), self._pulse.felt():
            return self._record.applied(stage)

    def stages_of(self, key: str) -> tuple[str, ...]:
        """See ``ports.Record.stages_of``."""
        with self._shield(), self._pulse.felt():
            return self._record.stages_of(key)

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """See ``ports.Record.open_intents``."""
        with self._shield(), self._pulse.felt():
            return self._record.open_intents(stage)

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        with self._shield(), self._pulse.felt():
            return self._record.runs(stage, limit)

    def standing(self, stage: str) -> Standing:
        """See ``ports.Standings.standing``."""
        with self._shield(), self._pulse.felt():
            return self._record.standing(stage)

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        with self._shield(), self._pulse.felt():
            return self._record.decisions()

    def audit(self) -> Audit:
        """See ``ports.Standings.audit``."""
        with self._shield(), self._pulse.felt():
            return self._record.audit()

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        """See ``journal_ports.Journaled.events``."""
        with self._shield():
            return self._record.events(after, most)

    def copied(self) -> Copied | None:
        """See ``journal_ports.Journaled.copied``."""
        with self._shield():
            return self._record.copied()

    def note_copied(self, copied: Copied) -> None:
        """See ``journal_ports.Journaled.note_copied``."""
        with self._shield():
            self._record.note_copied(copied)

    def fingerprint_key(self) -> bytes:
        """See ``ports.Record.fingerprint_key``."""
        return self._record.fingerprint_key()

    def rekey(self, key: bytes, resources: Sequence[AppliedResource], lease: Lease) -> None:
        """See ``ports.Rekeying.rekey``."""
        with self._shield(), self._pulse.felt():
            self._record.rekey(key, resources, lease)

    def acquire(self, scope: str, owner: str, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.acquire``."""
        with self._shield(), self._pulse.felt():
            return self._record.acquire(scope, owner, now, seconds)

    def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.renew``."""
        with self._shield(), self._pulse.felt():
            return self._record.renew(lease, now, seconds)

    def release(self, lease: Lease) -> None:
        """See ``ports.Leases.release``."""
        with self._shield(), self._pulse.felt():
            self._record.release(lease)

"""The record in a SQLite file: reads by plain SQL, and opens the whole machinery with the first write.

``plan``, ``status``, ``history`` and ``drift`` write nothing, so they never load SQLAlchemy.
Not here: SQL (``sqlite_reader`` reads, ``entries`` and ``leases`` write), opening (``state``).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from types import TracebackType
from typing import Self

from stagemail.model.event import Copied, Event
from stagemail.model.run import Intent, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.model.standing import Audit, Decision, Standing
from stagemail.ports import Entry, Lease
from stagemail.record.kept import KeptRecord
from stagemail.record.refusals import key_changed
from stagemail.record.renewing import is_young
from stagemail.record.sqlite_reader import SqliteReader


class SqliteRecord:
    """Implements ``ports.Record`` and ``ports.Leases``. ``in_full`` opens what also writes; called once, if ever.

    Two connections to one file: what one writes the other reads, because every method is a transaction of its own.
    """

    def __init__(
        self, reader: SqliteReader, key: bytes, in_full: Callable[[], KeptRecord], now: Callable[[], datetime]
    ) -> None:
        self._reader = reader
        self._key = key
        self._in_full = in_full
        self._now = now
        self._opened: KeptRecord | None = None
        self._lock = Lock()

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know since it was opened, in sentences."""
        return () if self._opened is None else self._opened.notices

    def append(self, entries: Iterable[Entry], lease: Lease | None) -> None:
        """See ``ports.Record.append``."""
        self._writer().append(entries, lease)

    def applied(self, stage: str) -> Applied:
        """See ``ports.Record.applied``."""
        return self._reader.applied(stage)

    def stages_of(self, key: str) -> tuple[str, ...]:
        """See ``ports.Record.stages_of``."""
        return self._reader.stages_of(key)

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """See ``ports.Record.open_intents``."""
        return self._reader.open_intents(stage)

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        return self._reader.runs(stage, limit)

    def standing(self, stage: str) -> Standing:
        """See ``ports.Standings.standing``."""
        return self._reader.standing(stage)

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        return self._reader.decisions()

    def audit(self) -> Audit:
        """See ``ports.Standings.audit``."""
        return self._reader.audit(self._key)

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        """See ``journal_ports.Journaled.events``."""
        return self._reader.events(after, most)

    def copied(self) -> Copied | None:
        """See ``journal_ports.Journaled.copied``."""
        return self._reader.copied()

    def note_copied(self, copied: Copied) -> None:
        """See ``journal_ports.Journaled.note_copied``."""
        self._writer().note_copied(copied)

    def fingerprint_key(self) -> bytes:
        """See ``ports.Record.fingerprint_key``."""
        return self._key

    def acquire(self, scope: str, owner: str, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.acquire``. The time that opening the writer takes is not taken off the lease."""
        if self._opened is None:
            before = self._now()
            self._writer()
            now += self._now() - before
        return self._writer().acquire(scope, owner, now, seconds)

    def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.renew``. In its first third only the fence is looked at, which takes no writer."""
        held = self._reader.holding(lease.scope)
        if held is not None and held[:2] == (lease.owner, lease.fence) and is_young(held[2], now, seconds):
            return replace(lease, until=held[2])
        return self._writer().renew(lease, now, seconds)

    def release(self, lease: Lease) -> None:
        """See ``ports.Leases.release``."""
        self._writer().release(lease)

    def rekey(self, key: bytes, resources: Sequence[AppliedResource], lease: Lease) -> None:
        """See ``ports.Rekeying.rekey``."""
        self._writer().rekey(key, resources, lease)
        self._key = key

    def close(self) -> None:
        """Give back the database; a record that was closed opens it again when it is used."""
        self._reader.close()
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def open_in_full(self) -> Self:
        """Make, migrate or refuse the database now instead of with the first write."""
        self._writer()
        return self

    def _writer(self) -> KeptRecord:
        with self._lock:
            if self._opened is None:
                opened = self._in_full()
                if opened.fingerprint_key() != self._key:
                    opened.close()
                    raise key_changed()
                self._opened = opened
            return self._opened

"""The record in an SQL database: implements ``ports.Record`` and ``ports.Leases`` over any ``record.database``.

Not here: SQL (``entries``, ``views``, ``leases``) and opening a database (``state``).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from stagemail.errors import UserMustFix
from stagemail.model.event import Copied, Event
from stagemail.model.run import Intent, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.model.standing import Audit, Decision, Standing
from stagemail.ports import Entry, Lease
from stagemail.record import entries as written
from stagemail.record import leases, rekeying, views
from stagemail.record.copied import keep_copied
from stagemail.record.database import Database
from stagemail.record.fingerprint_key import mark_of
from stagemail.record.key_file import KeyFile
from stagemail.record.refusals import key_changed
from stagemail.record.schema import require_todays
from stagemail.record.sqlite_file import translated


class SqlRecord:
    """Every method is one transaction. ``notices``: what the user should know since it was opened, in sentences.

    All methods may raise Busy (another process writes), CorruptRecord, NotPermitted, UserMustFix (disk full).
    """

    def __init__(
        self,
        database: Database,
        key: bytes,
        now: Callable[[], datetime],
        *,
        notices: tuple[str, ...],
        is_gone: Callable[[str], bool],
        key_file: KeyFile | None = None,
    ) -> None:
        self._database = database
        self._key = key
        self._now = now
        self._is_gone = is_gone
        self._key_file = key_file
        self.notices = notices

    def append(self, entries: Iterable[Entry], lease: Lease | None) -> None:
        """See ``ports.Record.append``."""
        listed = tuple(entries)
        with self._database.write(*written.subjects(listed)) as connection:
            require_todays(connection, self._database.where)
            if lease is not None:
                leases.require(connection, lease)
            written.keep(connection, listed, self._now(), self._key)

    def applied(self, stage: str) -> Applied:
        """See ``ports.Record.applied``."""
        with self._database.read() as connection:
            return views.applied(connection, stage)

    def stages_of(self, key: str) -> tuple[str, ...]:
        """See ``ports.Record.stages_of``."""
        with self._database.read() as connection:
            return views.stages_of(connection, key)

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """See ``ports.Record.open_intents``."""
        with self._database.read() as connection:
            return views.open_intents(connection, stage)

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        with self._database.read() as connection:
            return views.runs(connection, stage, limit)

    def standing(self, stage: str) -> Standing:
        """See ``ports.Standings.standing``."""
        with self._database.read() as connection:
            return views.standing(connection, stage)

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        with self._database.read() as connection:
            return views.decisions(connection)

    def audit(self) -> Audit:
        """See ``ports.Standings.audit``."""
        with self._database.read() as connection:
            return views.audited(connection, self._key)

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        """See ``journal_ports.Journaled.events``."""
        with self._database.read() as connection:
            return views.events(connection, after, most)

    def copied(self) -> Copied | None:
        """See ``journal_ports.Journaled.copied``."""
        with self._database.read() as connection:
            return views.copied(connection)

    def note_copied(self, copied: Copied) -> None:
        """See ``journal_ports.Journaled.note_copied``."""
        with self._database.write() as connection:
            keep_copied(connection, copied)

    def fingerprint_key(self) -> bytes:
        """See ``ports.Record.fingerprint_key``."""
        return self._key

    def acquire(self, scope: str, owner: str, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.acquire``. Raises Busy where the fingerprint key was changed since we opened it."""
        with self._database.write(_lease(scope)) as connection:
            require_todays(connection, self._database.where)
            if rekeying.mark(connection) != mark_of(self._key):
                raise key_changed()
            return leases.take(connection, scope, owner, now, seconds, is_gone=self._is_gone)

    def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.renew``."""
        with self._database.write(_lease(lease.scope)) as connection:
            return leases.prolong(connection, lease, now, seconds)

    def release(self, lease: Lease) -> None:
        """See ``ports.Leases.release``."""
        with self._database.write(_lease(lease.scope)) as connection:
            leases.give_back(connection, lease)

    def rekey(self, key: bytes, resources: Sequence[AppliedResource], lease: Lease) -> None:
        """See ``ports.Rekeying.rekey``. The key's file follows, at the latest when the record is next opened."""
        key_file = self._key_file
        if key_file is None:
            raise UserMustFix(
                "the fingerprint key of this record is a secret of a store, and stagemail writes to no store",
                hint="put a new value there: secrets count as unverified then, until `stagemail secrets push STAGE`",
            )
        with translated(key_file.path):
            key_file.prepare(key)
        with self._database.write() as connection:
            leases.require(connection, lease)
            rekeying.rekey(connection, self._key, key, resources, self._now())
        self._key = key
        with translated(key_file.path):
            key_file.adopt()

    def close(self) -> None:
        """Give back the database; a record that was closed opens it again when it is used."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _lease(scope: str) -> str:
    """What exclusive writers of one scope's lease name."""
    return f"lease {scope}"

"""Reads a SQLite record without SQLAlchemy, which takes longer to load than most commands take to run.

``tables`` stays the one description of the schema: a test holds every statement here to it, and both readers to each
other. A table that commands read often gets its statement here; everything else goes through ``views``.
Not here: writing (``entries``), migrations, other databases.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

from stagemail.errors import StagemailError
from stagemail.model.event import Copied, Event
from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.model.standing import Audit, Decision, Standing
from stagemail.record.chain import HEAD, audit, copied_of
from stagemail.record.codec import (
    decode_decision,
    decode_fields,
    decode_instant,
    decode_standing,
    decode_values,
    unreadable,
)
from stagemail.record.fingerprint_key import key_path
from stagemail.record.sqlite_file import WAIT_SECONDS, refusal
from stagemail.record.versions import COPIED, MARK, MOST_DECISIONS, REVISIONS

VERSION: Final = "SELECT version_num FROM alembic_version"
MARKED: Final = "SELECT value FROM marks WHERE name = ?"
IDENTITY: Final = 'SELECT "key", name, purpose FROM identities WHERE stage = ?'
STAGES_OF: Final = 'SELECT stage FROM identities WHERE "key" = ? ORDER BY stage'
APPLIED: Final = 'SELECT kind, "key", label, revision, fields FROM applied WHERE stage = ? ORDER BY stage, kind, "key"'
OPEN_INTENTS: Final = (
    'SELECT id, run, stage, kind, "key", label, "action", at, written, operation FROM intents '
    "WHERE stage = ? AND settled = 0 ORDER BY at, seq"
)
APPLIED_SOME: Final = APPLIED.replace(
    "WHERE stage = ?", "WHERE stage = ? AND (kind = 'configuration' OR \"key\" IN (SELECT value FROM json_each(?)))"
)
POSITION: Final = "SELECT name, value FROM marks WHERE name != ? ORDER BY name"
LEASE: Final = "SELECT owner, fence, until FROM leases WHERE scope = ?"
RUNS: Final = (
    "SELECT id, stage, revision, actor, started, status, finished, live, apps, not_live FROM runs "
    "WHERE ? IS NULL OR stage = ? ORDER BY seq DESC LIMIT ?"
)
RUNS_OF_STAGE: Final = RUNS.replace("? IS NULL OR stage = ?", "stage = ?")
OUTCOMES: Final = (
    'SELECT step, stage, kind, "key", label, "action", status, message, retry, fields FROM outcomes '
    "WHERE run = ? ORDER BY position"
)

STANDING: Final = "SELECT body FROM standings WHERE stage = ?"
DECISIONS: Final = "SELECT body FROM decisions ORDER BY seq DESC LIMIT ?"
SOME_EVENTS: Final = "SELECT seq, at, stage, kind, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
EVENTS: Final = "SELECT seq, at, stage, kind, body, seal FROM events ORDER BY seq"

Row = tuple[Any, ...]
CHUNK: Final = 500
"""Rows that are decoded together."""


class SqliteReader:
    """One connection to a record that is there; it is opened when something is read, and again after ``close``.

    Every method raises what ``sqlite_file.refusal`` says, and CorruptRecord.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._open: sqlite3.Connection | None = None
        self._known: dict[str, tuple[int, Applied]] = {}

    def is_todays(self, mark: str) -> bool:
        """Whether it has today's schema and was written with the fingerprint key of this mark."""
        try:
            with self._transaction() as connection:
                versions = connection.execute(VERSION).fetchall()
                marks = connection.execute(MARKED, (MARK,)).fetchall()
        except StagemailError:  # whatever it is: opening it in full says so in words, or mends it
            self.close()
            return False
        return versions == [(REVISIONS[-1],)] and marks == [(mark,)]

    def applied(self, stage: str) -> Applied:
        """See ``ports.Record.applied``. What was read stays known until anybody changes the database."""
        with self._transaction() as connection:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            known = self._known.get(stage)
            if known is None or known[0] != version:
                known = (version, _applied(connection, stage))
                self._known[stage] = known
        return known[1]

    def applied_of(self, stage: str, ids: Sequence[str]) -> Applied:
        """The same of the stage's configurations and of these apps only."""
        with self._transaction() as connection:
            return _applied(connection, stage, ids)

    def position(self) -> str:
        """Text that is another one whenever anything that a plan rests on was recorded, or the key is another file."""
        with self._transaction() as connection:
            marks = connection.execute(POSITION, (COPIED,)).fetchall()
            versions = connection.execute(VERSION).fetchall()
        files = [(found.st_ino, found.st_mode, found.st_uid) for found in (self._path.stat(),)]
        key = key_path(self._path).stat()
        return json.dumps([marks, versions, files, key.st_ino, key.st_mtime_ns, key.st_mode, key.st_size])

    def stages_of(self, key: str) -> tuple[str, ...]:
        """See ``ports.Record.stages_of``."""
        with self._transaction() as connection:
            return tuple(stage for (stage,) in connection.execute(STAGES_OF, (key,)))

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """See ``ports.Record.open_intents``."""
        with self._transaction() as connection:
            rows = connection.execute(OPEN_INTENTS, (stage,)).fetchall()
        return tuple(
            Intent(id_, run, Key(of, kind, key), label, action, _instant(at), decode_values(_json(written)), operation)
            for id_, run, of, kind, key, label, action, at, written, operation in rows
        )

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        most = max(limit, 0)
        with self._transaction() as connection:
            wanted = connection.execute(RUNS, (None, None, most)) if stage is None else (
                connection.execute(RUNS_OF_STAGE, (stage, most))
            )  # fmt: skip
            rows = wanted.fetchall()
            outcomes: dict[str, list[Row]] = defaultdict(list)
            for row in rows:
                outcomes[row[0]] += connection.execute(OUTCOMES, (row[0],))
        return tuple(_run(row, outcomes[row[0]]) for row in rows)

    def standing(self, stage: str) -> Standing:
        """See ``ports.Standings.standing``."""
        with self._transaction() as connection:
            row = connection.execute(STANDING, (stage,)).fetchone()
        return Standing(stage) if row is None else decode_standing(stage, _json(row[0]))

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        with self._transaction() as connection:
            rows = connection.execute(DECISIONS, (MOST_DECISIONS,)).fetchall()
        return tuple(decode_decision(_json(row[0])) for row in reversed(rows))

    def audit(self, key: bytes) -> Audit:
        """See ``ports.Standings.audit``."""
        with self._transaction() as connection:
            head = connection.execute(MARKED, (HEAD,)).fetchone()
            return audit(connection.execute(EVENTS), head[0] if head else None, key)

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        """See ``journal_ports.Journaled.events``."""
        with self._transaction() as connection:
            return tuple(Event(*row) for row in connection.execute(SOME_EVENTS, (after, most)))

    def copied(self) -> Copied | None:
        """See ``journal_ports.Journaled.copied``."""
        with self._transaction() as connection:
            row = connection.execute(MARKED, (COPIED,)).fetchone()
        return copied_of(row[0] if row else None)

    def holding(self, scope: str) -> tuple[str, int, datetime] | None:
        """Who holds a scope, its fence, and until when; None where nobody ever did. What was committed last."""
        with self._transaction() as connection:
            row = connection.execute(LEASE, (scope,)).fetchone()
        return (row[0], row[1], _instant(row[2])) if row else None

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if self._open is not None:
                self._open.close()
            self._open = None
            self._known.clear()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One state of the database, for one thread at a time."""
        failed: sqlite3.Error | None = None
        with self._lock:
            try:
                if self._open is None:
                    self._open = _connect(self._path)
                self._open.execute("BEGIN")
                try:
                    yield self._open
                finally:
                    self._open.execute("ROLLBACK")
            except sqlite3.Error as error:
                failed = error
        if failed is not None:
            raise refusal(failed, self._path)


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)


def _applied(connection: sqlite3.Connection, stage: str, ids: Sequence[str] | None = None) -> Applied:
    found = connection.execute(IDENTITY, (stage,)).fetchone()
    some = ids is not None
    cursor = connection.execute(APPLIED_SOME if some else APPLIED, (stage, json.dumps(ids)) if some else (stage,))
    resources: list[AppliedResource] = []
    while rows := cursor.fetchmany(CHUNK):  # ten thousand at once would be the peak of a plan's memory
        # One call for all of a chunk: a third of the time of one call each.
        fields = _json(f"[{','.join(row[4] for row in rows)}]")
        if len(fields) != len(rows):
            raise unreadable("a document")
        resources += (
            AppliedResource(Key(stage, kind, key), label, decode_fields(own), revision)
            for (kind, key, label, revision, _), own in zip(rows, fields, strict=True)
        )
    return Applied(stage, StageIdentity(*found) if found else None, tuple(resources))


def _run(row: Row, outcomes: Sequence[Row]) -> Run:
    id_, stage, revision, actor, started, status, finished, live, apps, not_live = row
    ended = None if finished is None else _instant(finished)
    names = tuple(_list(not_live, "a run"))
    done = tuple(_outcome(each) for each in outcomes)
    return Run(id_, stage, revision, actor, _instant(started), status, ended, done, live, apps, names)


def _outcome(row: Row) -> Outcome:
    step, stage, kind, key, label, action, status, message, retry, fields = row
    names = tuple(_list(fields, "an outcome"))
    return Outcome(step, Key(stage, kind, key), label, action, status, message, bool(retry), names)


def _list(text: Any, what: str) -> list[Any]:
    found = _json(text)
    if not isinstance(found, list):
        raise unreadable(what)
    return found


def _instant(text: Any) -> Any:
    if not isinstance(text, str):
        raise unreadable("a time")
    return decode_instant(text)


def _json(text: Any) -> Any:
    try:
        return json.loads(text or "")
    except (ValueError, TypeError, RecursionError):
        pass
    raise unreadable("a document")

"""Moves a whole record from SQLite to PostgreSQL: every row as it is, in one transaction, counted and verified in it.

Fingerprint key, seals of the journal and fences stay what they are. The source is closed afterwards, so that nobody
goes on writing into it. Whoever is killed in between leaves nothing there, or all; then the move is finished by being
run again. Not here: holding off runs (``reconcile.holding``), which records (``wiring``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, String, Table, column, delete, func, insert, select, table, update
from sqlalchemy.sql.expression import TableClause

from stagemail.errors import CorruptRecord, UserMustFix
from stagemail.model.secret import Secret
from stagemail.model.standing import Audit
from stagemail.ports import Clock
from stagemail.record.database import Database
from stagemail.record.key_file import KeyFile
from stagemail.record.postgresql import PostgresDatabase
from stagemail.record.postgresql_key import file_of, key_of
from stagemail.record.postgresql_opening import Credentials
from stagemail.record.rekeying import mark
from stagemail.record.schema import close_for_good, ensure, require_todays
from stagemail.record.sqlite import SqliteDatabase
from stagemail.record.sqlite_file import translated
from stagemail.record.tables import DECISIONS, EVENTS, INTENTS, LEASES, MARKS, METADATA, RUNS, Document, Instant
from stagemail.record.views import audited

_BATCH = 1000
_NUMBERED = (RUNS, INTENTS, EVENTS, DECISIONS)
"""Tables whose numbers go on where they ended."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What is in the new record: rows by table, the journal's audit, and whether an earlier move was only finished."""

    rows: Mapping[str, int]
    audit: Audit
    was_there: bool = False


def move(source: Database, destination: Database, key: bytes, target: str) -> Moved:
    """Copy everything and close the source. ``target``: the new address, as whoever finds the source closed is told.

    Raises UserMustFix where the destination holds something else, CorruptRecord where not all arrived as it was.
    """
    with source.write() as there:
        require_todays(there, source.where)
        with destination.write() as here:
            moved = _finished(there, here, key) or _copied(there, here, key, destination.where)
        close_for_good(there, target)
    return moved


def _finished(there: Connection, here: Connection, key: bytes) -> Moved | None:
    """What a move left that was killed before it closed the source; None where the destination is empty."""
    rows = _counts(here)
    if not any(count for name, count in rows.items() if name != MARKS.name):
        return None
    if rows == _counts(there) and mark(here) == mark(there) and _last(here) == _last(there):
        return Moved(rows, audited(here, key), was_there=True)
    raise UserMustFix(
        "the new record holds something already, and two records cannot be mixed; nothing was moved",
        hint="name an empty database: createdb --owner=USER --encoding=UTF8 NAME",
    )


def _copied(there: Connection, here: Connection, key: bytes, where: str) -> Moved:
    here.execute(delete(MARKS))
    for each in METADATA.sorted_tables:
        plain = _plain(each)
        for rows in there.execute(select(plain)).yield_per(_BATCH).mappings().partitions(_BATCH):
            here.execute(insert(plain), [dict(row) for row in rows])
    here.execute(update(LEASES).values(owner=""))  # those of this moment are held by who moves
    for each in _NUMBERED:
        greatest = here.scalar(select(func.max(each.c.seq)))
        if greatest:
            here.execute(select(func.setval(func.pg_get_serial_sequence(each.name, "seq"), greatest)))
    counted, audit = _counts(here), audited(here, key)
    if counted != _counts(there) or audit != audited(there, key):
        raise CorruptRecord(f"not everything arrived in {where} as it was; nothing was moved", hint="run again")
    return Moved(counted, audit)


def _plain(of: Table) -> TableClause:
    """A table whose documents and times stay the text that they are: seals are made over it."""
    kinds = ((c.name, String() if isinstance(c.type, Document | Instant) else c.type) for c in of.columns)
    return table(of.name, *(column(name, kind) for name, kind in kinds))


def _counts(connection: Connection) -> dict[str, int]:
    return {
        each.name: connection.scalar(select(func.count()).select_from(each)) or 0 for each in METADATA.sorted_tables
    }


def _last(connection: Connection) -> str | None:
    """The end of the journal, with its seal."""
    from_marks = select(MARKS.c.value).where(MARKS.c.name == "events-head")
    found: str | None = connection.scalar(from_marks)
    return found


def move_file(path: Path, key: bytes, url: str, *, base: Path, credentials: Credentials, clock: Clock) -> Moved:
    """Move the record in this file to ``url``. Its key follows into ``base``, unless ``stateKey`` has it already.

    Raises what opening a PostgreSQL record raises, and as ``move``.
    """
    source, destination = SqliteDatabase(path), PostgresDatabase(url, credentials.password, clock)
    try:
        ensure(destination)
        settle = _key_at(file_of(url, base), key, credentials.key(), path)
        moved = move(source, destination, key, url)
        settle()
    finally:
        source.close()
        destination.close()
    return moved


def _key_at(file: Path, key: bytes, secret: Secret | None, of: Path) -> Callable[[], None]:
    """Have the key lie beside the file that it will be in; gives what puts it there. Raises UserMustFix."""
    if secret is not None:
        if key_of(secret) != key:
            raise UserMustFix(
                "`stateKey` is another key than the one that the record was written with; nothing was moved",
                hint=f"store the record's own, as 64 digits: od -An -vtx1 {of.name}.key | tr -d ' \\n'",
            )
        return lambda: None
    key_file = KeyFile(file)
    with translated(file):
        key_file.prepare(key)
    return key_file.adopt

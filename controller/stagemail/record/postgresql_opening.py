"""Opens a PostgreSQL record: made, migrated, compared with its fingerprint key. Loads SQLAlchemy and the driver.

Not here: which record (``state``), which key (``postgresql_key``), the server's ways (``postgresql``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, insert, select

from stagemail.model.secret import Secret
from stagemail.ports import Clock
from stagemail.record.chain import HEAD, Head
from stagemail.record.database import Database
from stagemail.record.fingerprint_key import Randomness, mark_of
from stagemail.record.postgresql import PostgresDatabase
from stagemail.record.postgresql_key import another_key, file_of, held
from stagemail.record.rekeying import mark
from stagemail.record.schema import ensure
from stagemail.record.sql import SqlRecord
from stagemail.record.tables import EVENTS, MARKS
from stagemail.record.versions import MARK


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opening needs of the operator file's secrets, asked for when it is needed; None where none is named."""

    key: Callable[[], Secret | None]
    password: Callable[[], Secret | None]


def open_postgresql(
    url: str,
    base: Path,
    credentials: Credentials,
    *,
    randomness: Randomness,
    clock: Clock,
    is_gone: Callable[[str], bool],
) -> SqlRecord:
    """The record in this database, whatever state it is in. Raises as ``state.open_record``."""
    database = PostgresDatabase(url, credentials.password, clock)
    try:
        ensure(database)
        with database.read() as connection:
            known = mark(connection)
        key, key_file = held(known, credentials.key(), file_of(url, base), randomness)
        if known is None:
            begin(database, key)
        return SqlRecord(database, key, clock.now, notices=(), is_gone=is_gone, key_file=key_file)
    except BaseException:
        database.close()
        raise


def begin(database: Database, key: bytes) -> None:
    """Mark a new record with its key and begin its chain, so that no two appends ever begin it at once.

    Raises CorruptRecord where another host has begun it meanwhile, with another key.
    """
    with database.write() as connection:
        known = mark(connection)
        if known is None:
            last = connection.scalar(select(func.max(EVENTS.c.seq))) or 0
            head = Head(last + 1, last, "").text(key)
            connection.execute(insert(MARKS), [{"name": MARK, "value": mark_of(key)}, {"name": HEAD, "value": head}])
        elif known != mark_of(key):
            raise another_key("this host")

"""Opens a SQLite record in full: made, migrated, compared with its fingerprint key. Loads SQLAlchemy.

Not here: which record (``state``), reading without all this (``sqlite_reader``).
"""

from collections.abc import Callable
from pathlib import Path

from stagemail.ports import Clock
from stagemail.record.fingerprint_key import Randomness, key_path, load_or_create
from stagemail.record.lost_key import watch
from stagemail.record.schema import ensure
from stagemail.record.sql import SqlRecord
from stagemail.record.sqlite import SqliteDatabase


def open_sql(path: Path, randomness: Randomness, clock: Clock, is_gone: Callable[[str], bool]) -> SqlRecord:
    """The record in this file, whatever state it is in. Raises as ``state.open_record``."""
    database = SqliteDatabase(path)
    try:
        key = load_or_create(key_path(path), randomness)
        ensure(database, f"the record {path}")
        return SqlRecord(database, key, clock.now, notices=watch(database, key, clock.now()), is_gone=is_gone)
    except BaseException:
        database.close()
        raise

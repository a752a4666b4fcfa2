"""Opens a SQLite record in full: made, migrated, compared with its fingerprint key. Loads SQLAlchemy.

Not here: which record (``state``), reading without all this (``sqlite_reader``).
"""

from collections.abc import Callable
from pathlib import Path

from stagemail.ports import Clock
from stagemail.record.fingerprint_key import Randomness, key_path, load_or_create
from stagemail.record.key_file import KeyFile
from stagemail.record.lost_key import watch
from stagemail.record.rekeying import mark
from stagemail.record.schema import ensure
from stagemail.record.sql import SqlRecord
from stagemail.record.sqlite import SqliteDatabase
from stagemail.record.sqlite_file import translated


def open_sql(path: Path, randomness: Randomness, clock: Clock, is_gone: Callable[[str], bool]) -> SqlRecord:
    """The record in this file, whatever state it is in. Raises as ``state.open_record``."""
    database = SqliteDatabase(path)
    try:
        key = load_or_create(key_path(path), randomness)
        ensure(database)
        key_file = KeyFile(key_path(path))
        with database.read() as connection:
            known = mark(connection)
        with translated(key_file.path):
            key = key_file.fitting(known, key)
        notices = watch(database, key, clock.now())
        return SqlRecord(database, key, clock.now, notices=notices, is_gone=is_gone, key_file=key_file)
    except BaseException:
        database.close()
        raise

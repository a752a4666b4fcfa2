"""Opens the record that the operator file names under ``state:``.

Not here: the in-memory record (``memory``) and what a record does (``sql``).
"""

from collections.abc import Callable
from pathlib import Path

from stagemail.ports import Clock
from stagemail.record.fingerprint_key import Randomness, key_path, load_or_create
from stagemail.record.lost_key import watch
from stagemail.record.schema import ensure
from stagemail.record.sql import SqlRecord
from stagemail.record.sqlite import SqliteDatabase, database_path


def nobody_is_gone(_owner: str) -> bool:
    """Holders whose end cannot be seen keep their lease until it runs out."""
    return False


def open_record(
    url: str, base: Path, *, randomness: Randomness, clock: Clock, is_gone: Callable[[str], bool] = nobody_is_gone
) -> SqlRecord:
    """The record at ``sqlite:///file.db`` (below ``base``) or ``sqlite:////file.db``; made, and migrated, if need be.

    ``is_gone``: whether a lease's holder is known to have ended without giving it back.
    Raises UsageError (the URL), NotFound, NotPermitted, CorruptRecord, Busy, UserMustFix (disk full, a database of
    something else or of a newer stagemail).
    """
    path = database_path(url, base)
    database = SqliteDatabase(path)
    try:
        key = load_or_create(key_path(path), randomness)
        ensure(database, f"the record {path}")
        return SqlRecord(database, key, clock.now, notices=watch(database, key, clock.now()), is_gone=is_gone)
    except BaseException:
        database.close()
        raise

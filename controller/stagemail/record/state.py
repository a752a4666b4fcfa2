"""Opens the record that the operator file names under ``state:``.

Not here: the in-memory record (``memory``) and what a record does (``sql``, ``git_branch``).
"""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from stagemail.model.secret import Secret
from stagemail.ports import Clock, Leases, Record
from stagemail.record.fingerprint_key import Randomness, key_path, load_or_create
from stagemail.record.git_branch_opening import SCHEME, open_git_branch
from stagemail.record.lost_key import watch
from stagemail.record.schema import ensure
from stagemail.record.sql import SqlRecord
from stagemail.record.sqlite import SqliteDatabase, database_path


class KeptRecord(Record, Leases, Protocol):
    """A record that also keeps the leases, and that is given back at the end."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know since it was opened, in sentences."""
        ...

    def close(self) -> None:
        """Give back what it holds; a record that was closed opens again when it is used."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


def nobody_is_gone(_owner: str) -> bool:
    """Holders whose end cannot be seen keep their lease until it runs out."""
    return False


def open_record(
    url: str,
    base: Path,
    *,
    randomness: Randomness,
    clock: Clock,
    is_gone: Callable[[str], bool] = nobody_is_gone,
    secret: Callable[[], Secret | None] = lambda: None,
) -> KeptRecord:
    """The record at ``sqlite:///file.db`` (below ``base``), ``sqlite:////file.db`` or ``git-branch:BRANCH``.

    A database is made, and migrated, if need be; a branch with the first push. ``is_gone``: whether a lease's holder is
    known to have ended without giving it back. ``secret``: what ``stateKey`` names, asked for only where it is needed.
    Raises UsageError (the URL), NotFound, NotPermitted, CorruptRecord, Busy, UserMustFix (disk full, a database of
    something else or of a newer stagemail, a secret that cannot be used).
    """
    if url.startswith(SCHEME):
        return open_git_branch(url, base, secret=secret(), randomness=randomness, clock=clock, is_gone=is_gone)
    return _open_sqlite(url, base, randomness, clock, is_gone)


def _open_sqlite(
    url: str, base: Path, randomness: Randomness, clock: Clock, is_gone: Callable[[str], bool]
) -> SqlRecord:
    path = database_path(url, base)
    database = SqliteDatabase(path)
    try:
        key = load_or_create(key_path(path), randomness)
        ensure(database, f"the record {path}")
        return SqlRecord(database, key, clock.now, notices=watch(database, key, clock.now()), is_gone=is_gone)
    except BaseException:
        database.close()
        raise

"""Opens the record that the operator file names under ``state:``.

Not here: the in-memory record (``memory``) and what a record does (``sql``, ``git_branch``).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from stagemail.errors import UserMustFix
from stagemail.model.secret import Secret
from stagemail.ports import Clock
from stagemail.record.fingerprint_key import Randomness, key_path, load_or_create, mark_of
from stagemail.record.kept import KeptRecord
from stagemail.record.sqlite_file import database_path
from stagemail.record.sqlite_reader import SqliteReader
from stagemail.record.sqlite_record import SqliteRecord
from stagemail.resources import postgresql_address
from stagemail.resources.postgresql_address import checked

__all__ = ["KeptRecord", "nobody_is_gone", "open_record"]
_BRANCH: Final = "git-branch:"


def nobody_is_gone(_owner: str) -> bool:
    """Holders whose end cannot be seen keep their lease until it runs out."""
    return False


def _none() -> Secret | None:
    """No secret is named."""
    return None


def open_record(
    url: str,
    base: Path,
    *,
    randomness: Randomness,
    clock: Clock,
    is_gone: Callable[[str], bool] = nobody_is_gone,
    secret: Callable[[], Secret | None] = _none,
    password: Callable[[], Secret | None] = _none,
) -> KeptRecord:
    """The record at ``sqlite:///file.db`` (below ``base``), ``postgresql://…`` or ``git-branch:BRANCH``.

    A database is made, and migrated, if need be; a branch with the first push. ``is_gone``: whether a lease's holder is
    known to have ended without giving it back. ``secret``: what ``stateKey`` names, ``password``: what
    ``statePassword`` names, each asked for only where it is needed.
    Raises UsageError (the URL), NotFound, NotPermitted, CorruptRecord, Busy, Unreachable, UserMustFix (disk full, a
    database of something else or of a newer stagemail, a secret that cannot be used, a driver that is not installed).
    """
    if url.startswith(_BRANCH):
        from stagemail.record.git_branch_opening import open_git_branch  # noqa: PLC0415 - only where it is on a branch

        return open_git_branch(url, base, secret=secret(), randomness=randomness, clock=clock, is_gone=is_gone)
    if url.startswith(postgresql_address.SCHEME):
        checked(url)
        driver = _postgresql()
        credentials = driver.Credentials(secret, password)
        opened: KeptRecord = driver.open_postgresql(
            url, base, credentials, randomness=randomness, clock=clock, is_gone=is_gone
        )
        return opened
    return _open_sqlite(url, base, randomness, clock, is_gone)


def _postgresql() -> Any:
    # An extra; and what it needs takes longer to import than most commands on a file take to run.
    try:
        from stagemail.record import postgresql_opening  # noqa: PLC0415
    except ImportError as error:
        missing = error.name or ""
    else:
        return postgresql_opening
    raise without_driver(missing)


def without_driver(missing: str) -> UserMustFix:
    """The extra is not installed."""
    return UserMustFix(
        f"`state: postgresql://…` needs what is not installed: {missing}", hint="pip install 'stagemail[postgresql]'"
    )


def _open_sqlite(
    url: str, base: Path, randomness: Randomness, clock: Clock, is_gone: Callable[[str], bool]
) -> SqliteRecord:
    """Only looked at where it is as this release left it; made, migrated or refused where it is not."""
    path = database_path(url, base)
    reader = SqliteReader(path)

    def in_full() -> KeptRecord:
        # SQLAlchemy takes longer to import than most commands take to run, and is needed by those that write.
        from stagemail.record.sql_opening import open_sql  # noqa: PLC0415

        return open_sql(path, randomness, clock, is_gone)

    if _are_there(path, key_path(path)):
        key = load_or_create(key_path(path), randomness)
        if reader.is_todays(mark_of(key)):
            return SqliteRecord(reader, key, in_full, clock.now)
    opened = in_full()
    return SqliteRecord(reader, opened.fingerprint_key(), lambda: opened, clock.now).open_in_full()


def _are_there(*paths: Path) -> bool:
    try:
        return all(path.is_file() for path in paths)
    except OSError:  # a folder that may not be entered: opening in full says so
        return False

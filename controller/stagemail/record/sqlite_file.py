"""The file of a SQLite record: its path, its making, and what the system's and SQLite's refusals mean to the user.

No SQLAlchemy here, so that commands that only read the record do not pay for it.
Sources: sqlite.org/wal.html, sqlite.org/rescode.html. Not here: transactions (``sqlite``), reading (``sqlite_reader``).
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from stagemail.errors import Busy, CorruptRecord, NotFound, NotPermitted, StagemailError, UsageError, UserMustFix
from stagemail.record.placing import place

WAIT_SECONDS: Final = 10.0
"""How long a transaction waits for another process's."""

MOST_CHECKED: Final = 64 * 1024 * 1024
"""Bytes of a database of which every page is looked at when it is opened to be written."""

NEEDED: Final = 64 * 1024

REBUILD: Final = (
    "stop every stagemail that uses it, move it (with -wal and -shm, if they exist) aside and run again: what is live "
    "is read from the platform and adopted, nothing is written for it"
)


_PREFIX: Final = "sqlite:///"


def database_path(url: str, base: Path) -> Path:
    """The file of ``sqlite:///relative.db`` (below ``base``) or ``sqlite:////absolute.db``. Raises UsageError."""
    name = url.removeprefix(_PREFIX)
    if not url.startswith(_PREFIX) or name in ("", ":memory:") or "\0" in name or "?" in name:
        raise UsageError(
            "`state:` does not name a database that stagemail can use",
            hint="write sqlite:///stagemail.db (beside the operator file) or sqlite:////var/lib/stagemail/stagemail.db",
        )
    return (base / name).absolute()


def create(path: Path) -> None:
    """An empty database that writes ahead. It is switched before it has its name: that needs it for itself alone."""
    try:
        if path.is_file():
            return
        if path.exists():
            raise UsageError(f"the record {path} is not a file", hint="name a file under `state:`")
        if path.with_name(f"{path.name}-wal").exists() and not path.is_file():
            raise CorruptRecord(
                f"the record {path} is gone and its journal {path.name}-wal is still there",
                hint="put the database back, or move the journal aside too: SQLite would mix it into a new one",
            )
        place(path, _fill)
    except OSError as error:
        failed = file_refusal(error, path)
    else:
        return
    raise failed


def _fill(draft: Path) -> None:
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """What the system refuses meanwhile, in the user's words."""
    try:
        yield
    except OSError as error:
        failed = file_refusal(error, path)
    else:
        return
    raise failed


def file_refusal(error: OSError, path: Path) -> StagemailError:
    """What the system's answer to opening one of the record's files means to the user."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return NotFound(f"the folder of the record {path} does not exist", hint=f"mkdir -p {path.parent}")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _read_only(path)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(path)
    return UserMustFix(f"the record {path} cannot be opened: {os.strerror(error.errno or 0)}", hint="check `state:`")


def refusal(error: BaseException, path: Path) -> StagemailError:
    """What SQLite's answer means to the user (sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorname", "")
    kind = "_".join(code.split("_")[:2])
    if kind in ("SQLITE_BUSY", "SQLITE_LOCKED"):
        return Busy(f"the record {path} is in use by another process", hint="wait for it to end, then run again")
    if kind == "SQLITE_FULL" or code == "SQLITE_IOERR_WRITE" or (kind == "SQLITE_IOERR" and _is_full(path.parent)):
        return _full(path)
    if kind in ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"):
        return _read_only(path)
    if kind in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return CorruptRecord(f"the record {path} is damaged or not a database ({error})", hint=REBUILD)
    return CorruptRecord(f"the record {path} cannot be used: {code or type(error).__name__} ({error})", hint=REBUILD)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Look at every page of a database of usual size, before anything is written. Raises CorruptRecord.

    SQLite itself notices a damaged page only when it happens to read it: others would be written beside it.
    """
    if path.stat().st_size > MOST_CHECKED:
        return
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise CorruptRecord(f"the record {path} is damaged ({' '.join(str(said).split())})", hint=REBUILD)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file it is that has this name now: device and inode; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def removed(path: Path) -> CorruptRecord:
    """The error for a file that lost its name, or gave it to another, while it was in use."""
    return CorruptRecord(
        f"the record {path} was removed or replaced while stagemail used it; nothing more is written",
        hint="stop every stagemail that uses it, put the file back if you have it, and start again: without it what is "
        "live is read from the platform and adopted",
    )


def _is_full(folder: Path) -> bool:
    """Whether SQLite's shared memory (32 KiB) and a page have no room there."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < NEEDED


def _read_only(path: Path) -> StagemailError:
    return NotPermitted(
        f"the record {path} cannot be written", hint=f"let this user write {path.parent} and the files of the record"
    )


def _full(path: Path) -> StagemailError:
    return UserMustFix(
        f"the disk that holds the record {path} is full; nothing of this was recorded",
        hint="free space there, then run again",
    )

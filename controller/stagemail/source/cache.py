"""Parsed documents by the id of the file's content, so that after a commit of one file one file is parsed.

The key is a content hash with the reader's version, and only the reader fills it: what a repository holds can never
decide what another file is read as. The folder is the user's own (0700), never one inside the repository.
A file with a credential in the open, which validation refuses, is never handed to it (``tree_documents``).
A cache never fails a run: what is damaged is dropped and made anew.

Not here: deciding what to read (``tree_documents``).
"""

import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from stagemail.document import READER_VERSION, Document
from stagemail.source.cache_folder import own_folder

_FORMAT = f"1-{READER_VERSION}"
_DATE = "\0date"
"""Marks a date in JSON. No document has such a key: NUL is refused by the reader."""
_ROWS_KEPT = 40_000
CACHED_BYTES = 64 * 1024
"""Bytes of a file whose documents are worth keeping; larger files are parsed each time."""
_BODY_KEPT = 32 * 1024
"""Characters of what is kept of a file at most."""
_BATCH = 500
_SECONDS = 2.0
"""How long to wait for another process that writes."""
_LEFT_BEHIND = 86_400.0
"""Seconds after which a half-written file is one that a killed process left behind."""
_TABLE = "CREATE TABLE IF NOT EXISTS documents (id TEXT NOT NULL UNIQUE, dated INTEGER NOT NULL, body TEXT NOT NULL)"


class Cache(Protocol):
    """Documents of files without problems, by content id. Their ``path`` is empty: equal files share an entry."""

    def get_many(self, ids: Iterable[str]) -> dict[str, tuple[Document, ...]]:
        """Those that are known."""
        ...

    def put_many(self, documents: Mapping[str, tuple[Document, ...]]) -> None:
        """Remember them. Files with problems do not belong here."""
        ...


class NullCache:
    """Remembers nothing."""

    def get_many(self, ids: Iterable[str]) -> dict[str, tuple[Document, ...]]:
        """Nothing is known."""
        del ids
        return {}

    def put_many(self, documents: Mapping[str, tuple[Document, ...]]) -> None:
        """Forget them."""


class DiskCache:
    """A SQLite file in a folder of the user's own; made by ``open_cache``."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / f"documents-{_FORMAT}.sqlite"

    def get_many(self, ids: Iterable[str]) -> dict[str, tuple[Document, ...]]:
        """Those that are known; nothing where the file is damaged or locked."""
        wanted = sorted(set(ids))
        if not self.file.exists():
            return {}
        try:
            with self._connection() as connection:
                rows = [
                    row for n in range(0, len(wanted), _BATCH) for row in _select(connection, wanted[n : n + _BATCH])
                ]
            return _decoded(rows)
        except sqlite3.OperationalError:
            return {}
        except (sqlite3.DatabaseError, ValueError, TypeError):
            self._drop()
            return {}

    def put_many(self, documents: Mapping[str, tuple[Document, ...]]) -> None:
        """Remember them where that is possible."""
        rows = [row for content, found in documents.items() if (row := _encoded(content, found)) is not None]
        if not rows:
            return
        try:
            with self._connection() as connection:
                connection.executemany("INSERT OR REPLACE INTO documents (id, dated, body) VALUES (?, ?, ?)", rows)
                connection.execute(
                    "DELETE FROM documents WHERE rowid <= (SELECT max(rowid) FROM documents) - ?", (_ROWS_KEPT,)
                )
                connection.commit()
            self._sweep(time.time())
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            self._drop()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.file, timeout=_SECONDS)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_TABLE)
            yield connection
        finally:
            connection.close()

    def _sweep(self, now: float) -> None:
        """Take away what killed processes left half-written beside us: only regular files that are ours alone."""
        try:
            with os.scandir(self.file.parent) as entries:
                for entry in entries:
                    if entry.name.endswith(".partial") and _is_left_behind(entry.stat(follow_symlinks=False), now):
                        Path(entry.path).unlink(missing_ok=True)
        except OSError:
            return

    def _drop(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            try:
                self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
            except OSError:
                return


def _is_left_behind(found: os.stat_result, now: float) -> bool:
    is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
    return is_ours and now - found.st_mtime > _LEFT_BEHIND


def open_cache(folder: Path, *, outside: Path) -> Cache:
    """The cache in ``folder``, made where missing; a NullCache where it cannot be the user's own (``own_folder``)."""
    return DiskCache(folder) if own_folder(folder, outside=outside) else NullCache()


def _select(connection: sqlite3.Connection, ids: list[str]) -> list[tuple[str, int, str]]:
    marks = ",".join("?" * len(ids))
    return connection.execute(f"SELECT id, dated, body FROM documents WHERE id IN ({marks})", ids).fetchall()  # noqa: S608


def _encoded(content: str, documents: tuple[Document, ...]) -> tuple[str, int, str] | None:
    if not all(document.sound for document in documents):
        return None
    dated = False

    def encode(value: object) -> dict[str, str]:
        nonlocal dated
        if not isinstance(value, date):
            raise TypeError(type(value))
        dated = True
        return {_DATE: value.isoformat()}

    body = json.dumps([d.value for d in documents], default=encode, ensure_ascii=False, separators=(",", ":"))
    return (content, int(dated), body) if len(body) <= _BODY_KEPT else None


def _decoded(rows: list[tuple[str, int, str]]) -> dict[str, tuple[Document, ...]]:
    found: dict[str, tuple[Document, ...]] = {}
    for is_dated in (False, True):
        some = [row for row in rows if bool(row[1]) is is_dated]
        # One call for all of them: a third of the time of one call each.
        values = json.loads(f"[{','.join(row[2] for row in some)}]", object_hook=_dates if is_dated else None)
        for row, documents in zip(some, values, strict=True):
            found[row[0]] = tuple(Document("", index, value) for index, value in enumerate(documents))
    return found


def _dates(value: dict[str, Any]) -> Any:
    return date.fromisoformat(value[_DATE]) if _DATE in value else value

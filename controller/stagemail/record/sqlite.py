"""SQLite as the record's database: the only module that knows it. WAL, synchronous FULL, foreign keys, file 0600.

Sources: sqlite.org/wal.html, sqlite.org/pragma.html; SQLAlchemy's page on pysqlite's transactions (we begin ourselves,
so that writers exclude each other from their first statement on). Not here: tables and their meaning.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from stagemail.record.sqlite_file import WAIT_SECONDS, check, create, identity, refusal, removed


class SqliteDatabase:
    """Implements ``record.database.Database`` on one file, which is created (0600) if it is not there.

    Raises NotFound (no folder), NotPermitted, UserMustFix (disk full), CorruptRecord (a damaged page; a file that was
    removed or replaced meanwhile: the connections would write into the old one, which no other process sees).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = f"the record {path}"
        with self._translated():
            create(path)
            with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as connection:
                check(connection, path)
            self._file = identity(path)
        url = URL.create("sqlite", database=str(path))
        self._reader = create_engine(url, hide_parameters=True, connect_args={"timeout": WAIT_SECONDS})
        self._writer = self._reader.execution_options(writes=True)
        event.listen(self._reader, "connect", _configure)
        event.listen(self._reader, "begin", _begin)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See ``Database.read``."""
        with self._translated(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *_about: str) -> Iterator[Connection]:
        """See ``Database.write``. One writer at a time, whatever it is about."""
        with self._translated(), self._writer.begin() as connection:
            if identity(self.path) != self._file:
                raise removed(self.path)
            yield connection

    def close(self) -> None:
        """See ``Database.close``."""
        self._reader.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        failed: BaseException | None = None
        try:
            yield
        except DBAPIError as error:
            failed = error.orig
        except sqlite3.Error as error:
            failed = error
        if failed is not None:
            raise refusal(failed, self.path)


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

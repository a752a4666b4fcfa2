"""The inbox's messages in SQLite, within limits. One writer; what is not committed was not accepted.

A commit waits for the disk (synchronous=FULL), so many messages share one. Not here: SMTP (``smtp``).
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from stagemail.errors import NotFound
from stagemail.inbox.searching import holds, terms_of
from stagemail.model.inbox import InboxLimits, InboxMessage, InboxState

FILE = "inbox.db"
_TABLES = """
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, received TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,
  shown_from TEXT NOT NULL, subject TEXT NOT NULL, size INTEGER NOT NULL, tls INTEGER NOT NULL, user TEXT NOT NULL,
  content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO facts VALUES ('dropped', 0);
"""
_LIST = "SELECT id, received, sender, recipients, shown_from, subject, size, tls, user FROM messages"
_ONE = (
    "SELECT id, received, sender, recipients, shown_from, subject, size, tls, user, content FROM messages WHERE id = ?"
)
_WHERE = "WHERE holds(sender, recipients, shown_from, subject, content)"
_INSERT = (
    "INSERT INTO messages (received, sender, recipients, shown_from, subject, size, tls, user, content)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that came in and is not kept yet."""

    sender: str
    recipients: tuple[str, ...]
    shown_from: str
    subject: str
    tls: bool
    user: str
    content: bytes


class Writer:
    """The only writer of an inbox; one thread."""

    def __init__(self, folder: Path, limits: InboxLimits) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / FILE).touch(mode=0o600)
        self._limits = limits
        self._base = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.execute("PRAGMA secure_delete=ON")
        self._base.executescript(_TABLES)
        self._seen, self._count, self._size = 0, 0, 0
        self._recount()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def keep(self, arrived: Sequence[Arrived], now: datetime) -> list[int]:
        """Keep them in one commit, and drop what is over the limits. Their numbers, in order. Raises sqlite3.Error."""
        at = now.astimezone(UTC).isoformat(timespec="milliseconds")
        self._base.execute("BEGIN IMMEDIATE")
        try:
            if self._base.execute("PRAGMA data_version").fetchone()[0] != self._seen:
                self._recount()  # a reader deleted something
            numbers = [self._insert(one, at) for one in arrived]
            self._trim(now)
            self._base.execute("COMMIT")
        except sqlite3.Error:
            self._base.execute("ROLLBACK")
            self._recount()
            raise
        return numbers

    def _insert(self, one: Arrived, at: str) -> int:
        size = len(one.content)
        found = self._base.execute(
            _INSERT,
            (
                at,
                one.sender,
                json.dumps(one.recipients),
                one.shown_from,
                one.subject,
                size,
                one.tls,
                one.user,
                one.content,
            ),
        )
        self._count, self._size = self._count + 1, self._size + size
        return found.lastrowid or 0

    def _trim(self, now: datetime) -> None:
        oldest = (now.astimezone(UTC) - timedelta(seconds=self._limits.age)).isoformat(timespec="milliseconds")
        dropped = 0
        while self._count > 1:
            row = self._base.execute("SELECT id, size, received FROM messages ORDER BY id LIMIT 1").fetchone()
            over = self._count > self._limits.messages or self._size > self._limits.size
            if row is None or not (over or row[2] < oldest):
                break
            self._base.execute("DELETE FROM messages WHERE id = ?", (row[0],))
            self._count, self._size, dropped = self._count - 1, self._size - row[1], dropped + 1
        if dropped:
            self._base.execute("UPDATE facts SET value = value + ? WHERE name = 'dropped'", (dropped,))

    def _recount(self) -> None:
        (self._seen,) = self._base.execute("PRAGMA data_version").fetchone()
        self._count, self._size = self._base.execute("SELECT count(*), coalesce(sum(size), 0) FROM messages").fetchone()


class Reader:
    """Looks into an inbox, also while its server runs. Raises NotFound where there is none."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        if not self._file.is_file():
            raise NotFound(f"there is no inbox in {folder}", hint="`stagemail inbox serve` makes one")

    def messages(self, words: str = "", limit: int = 50) -> tuple[InboxMessage, ...]:
        """The newest first; ``words``: all of them in envelope, From, Subject or text (``searching``)."""
        terms = terms_of(words)
        text = " ".join((_LIST, *((_WHERE,) if terms else ()), "ORDER BY id DESC LIMIT ?"))
        with self._open() as base:
            base.create_function("holds", 5, lambda *row: holds(terms, *row[:4], content=row[4]))
            return tuple(_message(row) for row in base.execute(text, (limit,)))

    def message(self, number: int) -> tuple[InboxMessage, bytes]:
        """One message and its bytes. Raises NotFound."""
        with self._open() as base:
            row = base.execute(_ONE, (number,)).fetchone()
        if row is None:
            raise NotFound(f"there is no message {number} in the inbox", hint="`stagemail inbox list` shows all")
        return _message(row), row[9]

    def state(self) -> InboxState:
        """How much is kept."""
        with self._open() as base:
            count, size = base.execute("SELECT count(*), coalesce(sum(size), 0) FROM messages").fetchone()
            (dropped,) = base.execute("SELECT value FROM facts WHERE name = 'dropped'").fetchone()
        return InboxState(count, size, dropped)

    def clear(self, number: int | None = None) -> int:
        """Delete one message, or all; how many went."""
        with self._open() as base:
            if number is None:
                found = base.execute("DELETE FROM messages")
            else:
                found = base.execute("DELETE FROM messages WHERE id = ?", (number,))
            base.commit()
            return found.rowcount

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, timeout=10)) as base:
            base.execute("PRAGMA secure_delete=ON")
            yield base


def _message(row: tuple[object, ...]) -> InboxMessage:
    number, received, sender, recipients, shown, subject, size, tls, user = row[:9]
    to = tuple(json.loads(str(recipients)))
    return InboxMessage(
        int(str(number)), str(received), str(sender), to, str(shown), str(subject), int(str(size)), bool(tls), str(user)
    )

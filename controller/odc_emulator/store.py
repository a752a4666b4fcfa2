"""The state file: every record and the ledger in SQLite, committed before an answer is sent.

WAL with synchronous NORMAL: a killed process loses nothing (a power cut may lose the last commits, which an emulator
can afford). Without a path everything lives in memory. Not its job: what the records mean.
"""

import json
import secrets
import sqlite3
from pathlib import Path
from typing import Any

from odc_emulator.world import World, data_of, restored

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS record (kind TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS ledger (number INTEGER PRIMARY KEY AUTOINCREMENT, data TEXT NOT NULL);
"""


class Store:
    """One connection; used by the server's event loop only, so no call ever waits for another."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.touch(mode=0o600)  # it holds the SMTP passwords of the emulated stages
        self._db = sqlite3.connect(":memory:" if path is None else path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def meta(self, name: str) -> Any:
        """A stored value of the emulator itself, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_meta(self, name: str, value: object) -> None:
        """Store a value of the emulator itself."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def load(self) -> World | None:
        """The world of the last run on this file, or None for a new file."""
        profile = self.meta("profile")
        if profile is None:
            return None
        world = World(profile, self.meta("salt"))
        world.order = self.meta("order") or 0
        for kind, data in self._db.execute("SELECT kind, data FROM record ORDER BY rowid"):
            world.keep(restored(kind, json.loads(data)))
        return world

    def new_world(self, profile: str) -> World:
        """An empty world, its profile written down so that a restart goes on with it."""
        world = World(profile, secrets.token_hex(16))
        self.set_meta("salt", world.salt)
        self.set_meta("profile", profile)
        return world

    def commit(self, world: World, ledger_row: dict[str, Any] | None = None) -> int | None:
        """Write what changed, and the ledger's row with it, in one transaction; returns the row's number."""
        changed = world.drain()
        if not changed and ledger_row is None:
            return None
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data",
            [(kind, id_, json.dumps(record, default=data_of)) for kind, id_, record in changed],
        )
        number = None
        if ledger_row is not None:
            number = self._db.execute("INSERT INTO ledger (data) VALUES (?)", (json.dumps(ledger_row),)).lastrowid
        self.set_meta("order", world.order)
        self._db.execute("COMMIT")
        return number

    def ledger(self, since: int = 0) -> list[dict[str, Any]]:
        """Ledger rows with a number above `since`, oldest first."""
        rows = self._db.execute("SELECT number, data FROM ledger WHERE number > ? ORDER BY number", (since,))
        return [{"number": number, **json.loads(data)} for number, data in rows]

    def close(self) -> None:
        """Close the file; everything committed stays."""
        self._db.close()

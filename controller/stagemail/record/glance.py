"""The newest run of a stage, straight from a SQLite record: for commands that must not pay for SQLAlchemy.

Not here: everything else about records (``sql``); databases that are no SQLite file.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

_NEWEST = "SELECT id FROM runs WHERE stage = ? ORDER BY seq DESC LIMIT 1"
_OPEN = "SELECT count(*) FROM intents WHERE stage = ? AND NOT settled"


def newest_run(database: Path, stage: str) -> str:
    """The id of the stage's newest run; "" where there is none, an intent is open, or the record cannot be read."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=1.0)) as connection:
            row = connection.execute(_NEWEST, (stage,)).fetchone()
            pending = connection.execute(_OPEN, (stage,)).fetchone()
    except (sqlite3.Error, ValueError):
        return ""
    return str(row[0]) if row and not pending[0] else ""

"""How far the journal was copied to a branch: a mark in the database, written as JSON.

Not sealed: whoever alters it can hide that the branch was rewound, and then the database still has every event.
Not here: copying (``reconcile.archiving``).
"""

from sqlalchemy import Connection, delete, insert

from stagemail.model.event import Copied
from stagemail.record.chain import copied_text
from stagemail.record.tables import MARKS
from stagemail.record.versions import COPIED


def keep_copied(connection: Connection, copied: Copied) -> None:
    """Replace the mark."""
    connection.execute(delete(MARKS).where(MARKS.c.name == COPIED))
    connection.execute(insert(MARKS).values(name=COPIED, value=copied_text(copied)))

"""The record's schema: is it ours, is it today's, bring it up to date, refuse what a newer stagemail wrote.

Not here: the tables (``tables``), the list of schemas (``versions``), the steps between them (``revisions``).
"""

from typing import Final

from sqlalchemy import Connection, column, delete, insert, inspect, select, table, update

from stagemail.errors import UserMustFix
from stagemail.record.database import Database
from stagemail.record.tables import MARKS
from stagemail.record.versions import REVISIONS

_VERSION: Final = table("alembic_version", column("version_num"))
_CLOSED: Final = "moved"
"""The number of the schema of a record that was moved: releases that do not know it refuse it all the same."""
_QUEUE: Final = "procrastinate_"
"""What the tables of the job engine begin with, which may share the database with the record."""


def is_current(connection: Connection, where: str) -> bool:
    """Whether nothing is to be done; False for an empty or an older database.

    Raises UserMustFix for a database of something else, or of a newer stagemail.
    """
    inspector = inspect(connection)
    if not inspector.has_table(_VERSION.name):
        if any(not name.startswith(_QUEUE) for name in inspector.get_table_names()):
            raise _of_something_else(where)
        return False
    if not inspector.has_table(MARKS.name):
        raise _of_something_else(where)
    version = _version(connection, where)
    if version is not None and version not in REVISIONS:
        raise UserMustFix(
            f"{where} was written by a newer stagemail (schema {version}; this one knows up to {REVISIONS[-1]})",
            hint="install that version again, or name another record under `state:` in the operator file",
        )
    return bool(version == REVISIONS[-1])


def require_todays(connection: Connection, where: str) -> None:
    """Raise UserMustFix where a newer stagemail has changed the tables since this process opened the record."""
    version = _version(connection, where)
    if version != REVISIONS[-1]:
        raise UserMustFix(
            f"{where} was changed meanwhile by another stagemail (schema {version}; this one writes {REVISIONS[-1]})",
            hint="nothing was written: end this process and start the release that changed it",
        )


def close_for_good(connection: Connection, target: str) -> None:
    """Let nobody write into this record again, not even a process that has it open: it was moved to ``target``."""
    connection.execute(delete(MARKS).where(MARKS.c.name == _CLOSED))
    connection.execute(insert(MARKS).values(name=_CLOSED, value=target))
    connection.execute(update(_VERSION).values(version_num=_CLOSED))


def _version(connection: Connection, where: str) -> str | None:
    found: str | None = connection.scalar(select(_VERSION.c.version_num))
    if found == _CLOSED:
        target = connection.scalar(select(MARKS.c.value).where(MARKS.c.name == _CLOSED))
        raise UserMustFix(
            f"{where} was moved to {target} and is closed",
            hint=f"write `state: {target}` into the operator file, and start what runs long again",
        )
    return found


def ensure(database: Database) -> None:
    """Bring the database up to today's schema, in one transaction. One cheap query where it already is.

    Of many that begin at once one does it, the others wait for it.
    """
    with database.read() as connection:
        if is_current(connection, database.where):
            return
    with database.write() as connection:
        if not is_current(connection, database.where):
            _upgrade(connection)


def _of_something_else(where: str) -> UserMustFix:
    return UserMustFix(
        f"{where} is a database of something else", hint="name another one under `state:` in the operator file"
    )


def _upgrade(connection: Connection) -> None:
    # Alembic takes longer to import than most commands take to run, and is needed once per release.
    from stagemail.record.upgrade import upgrade  # noqa: PLC0415

    upgrade(connection)

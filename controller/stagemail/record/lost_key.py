"""Notices that the fingerprint key is not the one the record was written with, and lets go of what it proved.

Fingerprints by another key never match, so every secret would look rotated and be sent again. Instead the record
forgets what it knew of them: planning adopts them as unverified and writes nothing. Secrets whose last write is
unsettled have no fingerprint, and stay.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from stagemail.model.secret import SecretState
from stagemail.model.snapshot import AppliedField
from stagemail.record.codec import decode_fields, encode_fields
from stagemail.record.database import Database
from stagemail.record.fingerprint_key import mark_of
from stagemail.record.tables import APPLIED, EVENTS, MARKS
from stagemail.record.versions import MARK

NOTICE: Final = (
    "the fingerprint key beside the record was lost or replaced: which secrets are live can no longer be told, so they "
    "count as unverified and none is written; `stagemail secrets push STAGE` sends them, a rotation does too"
)


def watch(database: Database, key: bytes, now: datetime) -> tuple[str, ...]:
    """Compare the key with the record's mark of it; gives the notice if it is another one."""
    mark = mark_of(key)
    with database.read() as connection:
        if _mark(connection) == mark:
            return ()
    with database.write() as connection:
        known = _mark(connection)
        if known == mark:
            return ()
        connection.execute(delete(MARKS).where(MARKS.c.name == MARK))
        connection.execute(insert(MARKS).values(name=MARK, value=mark))
        if known is None:
            return ()
        _forget_fingerprints(connection)
        number = (connection.scalar(select(func.max(EVENTS.c.seq))) or 0) + 1
        event: dict[str, Any] = {"seq": number, "at": now, "stage": "", "kind": "fingerprint-key-replaced", "body": {}}
        connection.execute(insert(EVENTS).values(event))
    return (NOTICE,)


def _mark(connection: Connection) -> str | None:
    return connection.scalar(select(MARKS.c.value).where(MARKS.c.name == MARK))


def _forget_fingerprints(connection: Connection) -> None:
    for row in connection.execute(select(APPLIED)).all():
        fields = decode_fields(row.fields)
        kept = _without_fingerprints(fields)
        if len(kept) != len(fields):
            mine = (APPLIED.c.stage == row.stage) & (APPLIED.c.kind == row.kind) & (APPLIED.c.key == row.key)
            connection.execute(update(APPLIED).where(mine).values(fields=encode_fields(kept)))


def _without_fingerprints(fields: Mapping[str, AppliedField]) -> dict[str, AppliedField]:
    return {
        name: field
        for name, field in fields.items()
        if not (isinstance(field.value, SecretState) and field.value.fingerprint)
    }

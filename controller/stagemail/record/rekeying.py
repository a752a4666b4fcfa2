"""Writes a record anew for another fingerprint key: its resources, the fingerprints that nobody could make, the mark.

The caller holds the transaction. Not here: making fingerprints (``reconcile.rekey``), the key's file (``key_file``).
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from stagemail.model.key import Key
from stagemail.model.snapshot import AppliedResource
from stagemail.ports import Entry
from stagemail.record.codec import decode_fields, encode_fields
from stagemail.record.entries import keep
from stagemail.record.fingerprint_key import mark_of
from stagemail.record.tables import APPLIED, EVENTS, MARKS
from stagemail.record.unknown import without_fingerprints
from stagemail.record.versions import MARK


def rekey(connection: Connection, key: bytes, resources: Sequence[AppliedResource], now: datetime) -> None:
    """Keep these resources and the mark of the key they were made with; no other fingerprint stays."""
    keep(connection, [Entry(applied=resource) for resource in resources], now)
    _forget_others(connection, {resource.key for resource in resources})
    connection.execute(delete(MARKS).where(MARKS.c.name == MARK))
    connection.execute(insert(MARKS).values(name=MARK, value=mark_of(key)))
    event = {"at": now, "stage": "", "kind": "fingerprint-key-rotated", "body": {}}
    connection.execute(insert(EVENTS).values(event))


def mark(connection: Connection) -> str | None:
    """The mark of the key that the record was written with."""
    found: str | None = connection.scalar(select(MARKS.c.value).where(MARKS.c.name == MARK))
    return found


def _forget_others(connection: Connection, known: Collection[Key]) -> None:
    for row in connection.execute(select(APPLIED)).all():
        if Key(row.stage, row.kind, row.key) in known:
            continue
        fields = decode_fields(row.fields)
        changed = without_fingerprints(fields)
        if changed != fields:
            mine = (APPLIED.c.stage == row.stage) & (APPLIED.c.kind == row.kind) & (APPLIED.c.key == row.key)
            connection.execute(update(APPLIED).where(mine).values(fields=encode_fields(changed)))

"""Writes a record anew for another fingerprint key: its resources, the fingerprints that nobody could make, the mark.

The caller holds the transaction. Not here: making fingerprints (``reconcile.rekey``), the key's file (``key_file``).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, String, bindparam, delete, insert, select, type_coerce, update

from stagemail.errors import CorruptRecord
from stagemail.model.key import Key
from stagemail.model.snapshot import AppliedResource
from stagemail.ports import Entry
from stagemail.record.chain import HEAD, head_of, seal_of
from stagemail.record.codec import decode_fields, encode_fields
from stagemail.record.entries import keep
from stagemail.record.fingerprint_key import mark_of
from stagemail.record.tables import APPLIED, EVENTS, MARKS
from stagemail.record.unknown import without_fingerprints
from stagemail.record.versions import MARK
from stagemail.record.views import audited


def rekey(connection: Connection, old: bytes, new: bytes, resources: Sequence[AppliedResource], now: datetime) -> None:
    """Keep these resources and the mark of the key they were made with; no other fingerprint stays.

    The journal is sealed anew, after it was found whole with the old key. Raises CorruptRecord where it is not.
    """
    _seal_anew(connection, old, new)
    keep(connection, [Entry(applied=resource) for resource in resources], now, new)
    _forget_others(connection, {resource.key for resource in resources})
    connection.execute(delete(MARKS).where(MARKS.c.name == MARK))
    connection.execute(insert(MARKS).values(name=MARK, value=mark_of(new)))


def _seal_anew(connection: Connection, old: bytes, new: bytes) -> None:
    found = audited(connection, old)
    if found.fault:
        raise CorruptRecord(
            f"the record's journal is not whole: {found.fault}; its key was not changed",
            hint="a new key would seal what was altered: look into it first, or begin a new record",
        )
    head = head_of(connection.scalar(select(MARKS.c.value).where(MARKS.c.name == HEAD)), old)
    if head is None:
        return
    columns = (EVENTS.c.seq, EVENTS.c.at, EVENTS.c.stage, EVENTS.c.kind, EVENTS.c.body)
    stored = (type_coerce(column, String) if column.name in ("at", "body") else column for column in columns)
    wanted = select(*stored).where(EVENTS.c.seq >= head.first).order_by(EVENTS.c.seq)
    seal, seals = "", []
    for row in connection.execute(wanted).yield_per(1000):
        number, at, stage, kind, body = row
        seal = seal_of(new, seal, (number, at, stage, kind, body))
        seals.append({"number": number, "new": seal})
    if seals:
        connection.execute(
            update(EVENTS).where(EVENTS.c.seq == bindparam("number")).values(seal=bindparam("new")), seals
        )
    connection.execute(update(MARKS).where(MARKS.c.name == HEAD).values(value=replace(head, seal=seal).text(new)))


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

"""The record's tables, in SQL that SQLite and PostgreSQL share. ``revisions`` builds them, step by step.

Not here: reading and writing them (``views``, ``entries``, ``leases``).
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)  # fmt: skip
from sqlalchemy.types import TypeDecorator

from stagemail.record.codec import decode_instant, encode_instant, unreadable


class Instant(TypeDecorator[datetime]):
    """A time in UTC as text that sorts as time does, since SQLite has no type for it."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> str | None:
        """To text."""
        return None if value is None else encode_instant(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> datetime | None:
        """From text. Raises CorruptRecord."""
        return None if value is None else decode_instant(value)


class Document(TypeDecorator[Any]):
    """Plain JSON values as text; the same bytes for equal values."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        """To text."""
        return json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """From text. Raises CorruptRecord."""
        try:
            return json.loads(value or "")
        except (ValueError, RecursionError):
            pass
        raise unreadable("a document")


def _name(length: int) -> Any:
    """A short text. Its length is what SQLite's tables were made with, which never minds it; PostgreSQL would."""
    return String(length).with_variant(Text(), "postgresql")


METADATA = MetaData()
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""Never runs out; SQLite's own row number is an INTEGER of 64 bits."""

RUNS = Table(
    "runs",
    METADATA,
    Column("seq", NUMBER, primary_key=True),
    Column("id", _name(64), nullable=False, unique=True),
    Column("stage", _name(255), nullable=False),
    Column("revision", _name(255), nullable=False),
    Column("actor", Text, nullable=False),
    Column("started", Instant, nullable=False),
    Column("status", _name(32), nullable=False),
    Column("finished", Instant),
    Column("live", Integer, nullable=False),
    Column("apps", Integer, nullable=False),
    Column("not_live", Document, nullable=False),
    Index("runs_of_stage", "stage", "started"),
    Index("runs_by_time", "started"),
)

OUTCOMES = Table(
    "outcomes",
    METADATA,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("step", Text, nullable=False),
    Column("stage", _name(255), nullable=False),
    Column("kind", _name(32), nullable=False),
    Column("key", _name(255), nullable=False),
    Column("label", Text, nullable=False),
    Column("action", _name(32), nullable=False),
    Column("status", _name(32), nullable=False),
    Column("message", Text, nullable=False),
    Column("retry", Boolean, nullable=False),
    Column("fields", Document, nullable=False),
    Index("outcomes_of_step", "run", "step"),
)

APPLIED = Table(
    "applied",
    METADATA,
    Column("stage", _name(255), primary_key=True),
    Column("kind", _name(32), primary_key=True),
    Column("key", _name(255), primary_key=True),
    Column("label", Text, nullable=False),
    Column("revision", _name(255), nullable=False),
    Column("fields", Document, nullable=False),
)

IDENTITIES = Table(
    "identities",
    METADATA,
    Column("stage", _name(255), primary_key=True),
    Column("key", _name(255), nullable=False),
    Column("name", Text, nullable=False),
    Column("purpose", _name(32), nullable=False),
)

INTENTS = Table(
    "intents",
    METADATA,
    Column("seq", NUMBER, primary_key=True),
    Column("id", _name(64), nullable=False, unique=True),
    Column("run", _name(64), nullable=False),
    Column("stage", _name(255), nullable=False),
    Column("kind", _name(32), nullable=False),
    Column("key", _name(255), nullable=False),
    Column("label", Text, nullable=False),
    Column("action", _name(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("written", Document, nullable=False),
    Column("operation", Text, nullable=False),
    Column("settled", Boolean, nullable=False),
    Index("intents_open", "stage", "settled"),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("seq", NUMBER, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("stage", _name(255), nullable=False),
    Column("kind", _name(32), nullable=False),
    Column("body", Document, nullable=False),
    Column("seal", _name(64), nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
"""Append-only: every entry of every append, in order. Never updated, never deleted; ``chain`` seals it."""

STANDINGS = Table(
    "standings",
    METADATA,
    Column("stage", _name(255), primary_key=True),
    Column("body", Document, nullable=False),
)

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("seq", NUMBER, primary_key=True),
    Column("id", _name(64), nullable=False, unique=True),
    Column("stage", _name(255), nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Document, nullable=False),
    Index("decisions_by_time", "at"),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("scope", _name(255), primary_key=True),
    Column("owner", _name(255), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)
"""``owner`` is "" after a release; the row and its fence stay."""

MARKS = Table(
    "marks",
    METADATA,
    Column("name", _name(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What the record knows of itself: which fingerprint key it was written with."""

"""The first tables: runs, outcomes, applied, identities, intents, events, leases, marks.

A revision is never changed once it was published; the tables of today are in ``record.tables``.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _name(length: int) -> Any:
    return sa.String(length).with_variant(sa.Text(), "postgresql")


def upgrade() -> None:
    """Build them in an empty database."""
    _runs()
    _state()
    op.create_table(
        "intents",
        sa.Column("seq", _NUMBER, primary_key=True),
        sa.Column("id", _name(64), nullable=False, unique=True),
        sa.Column("run", _name(64), nullable=False),
        sa.Column("stage", _name(255), nullable=False),
        sa.Column("kind", _name(32), nullable=False),
        sa.Column("key", _name(255), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("action", _name(32), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
    )
    op.create_index("intents_open", "intents", ["stage", "settled"])
    op.create_table(
        "events",
        sa.Column("seq", _NUMBER, primary_key=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("stage", _name(255), nullable=False),
        sa.Column("kind", _name(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("seq", _NUMBER, primary_key=True),
        sa.Column("id", _name(64), nullable=False, unique=True),
        sa.Column("stage", _name(255), nullable=False),
        sa.Column("revision", _name(255), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("started", sa.String(27), nullable=False),
        sa.Column("status", _name(32), nullable=False),
        sa.Column("finished", sa.String(27)),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("apps", sa.Integer(), nullable=False),
        sa.Column("not_live", sa.Text(), nullable=False),
    )
    op.create_index("runs_of_stage", "runs", ["stage", "started"])
    op.create_index("runs_by_time", "runs", ["started"])
    op.create_table(
        "outcomes",
        sa.Column("run", _name(64), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("stage", _name(255), nullable=False),
        sa.Column("kind", _name(32), nullable=False),
        sa.Column("key", _name(255), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("action", _name(32), nullable=False),
        sa.Column("status", _name(32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("retry", sa.Boolean(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
    )
    op.create_index("outcomes_of_step", "outcomes", ["run", "step"])


def _state() -> None:
    op.create_table(
        "applied",
        sa.Column("stage", _name(255), primary_key=True),
        sa.Column("kind", _name(32), primary_key=True),
        sa.Column("key", _name(255), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("revision", _name(255), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("stage", _name(255), primary_key=True),
        sa.Column("key", _name(255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", _name(32), nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("scope", _name(255), primary_key=True),
        sa.Column("owner", _name(255), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("name", _name(64), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )

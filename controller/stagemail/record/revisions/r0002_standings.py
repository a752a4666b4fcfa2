"""How stages stand, what people decided, and the seals of the journal.

A revision is never changed once it was published; the tables of today are in ``record.tables``.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _name(length: int) -> Any:
    return sa.String(length).with_variant(sa.Text(), "postgresql")


def upgrade() -> None:
    """Add them to a database that may hold runs."""
    op.add_column("events", sa.Column("seal", _name(64), nullable=False, server_default=""))
    op.create_table(
        "standings",
        sa.Column("stage", _name(255), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("seq", _NUMBER, primary_key=True),
        sa.Column("id", _name(64), nullable=False, unique=True),
        sa.Column("stage", _name(255), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("decisions_by_time", "decisions", ["at"])

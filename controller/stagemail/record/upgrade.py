"""Runs the record's revisions with Alembic; imported only when there is one to run.

Not here: whether one has to run (``schema``), and the transaction (the caller's).
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_HERE: Final = Path(__file__).parent


def configuration(connection: Connection | None) -> Config:
    """Alembic's settings: its folder, and ours with the revisions."""
    config = Config(attributes={"connection": connection})
    for option, folder in (("script_location", "migrations"), ("version_locations", "revisions")):
        config.set_main_option(option, str(_HERE / folder).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def upgrade(connection: Connection) -> None:
    """Every revision that this database does not have yet, in the transaction of the connection."""
    command.upgrade(configuration(connection), "head")

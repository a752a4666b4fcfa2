"""What the SQL record needs of a database. One module per engine implements it: ``sqlite``, ``postgresql``."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection


class Database(Protocol):
    """Transactions on one database. Every error of the engine leaves it as a StagemailError."""

    @property
    def where(self) -> str:
        """How messages name it: "the record …"."""
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state and changes nothing."""
        ...

    def write(self, *about: str) -> AbstractContextManager[Connection]:
        """A transaction that excludes other writers from its first statement on; lands whole or not at all.

        ``about``: names of what is written; an engine may let writers in that name nothing of it. Without a name it
        excludes every other writer.
        """
        ...

    def close(self) -> None:
        """Give back every connection."""
        ...

"""What the SQL record needs of a database. One module per engine implements it; ``sqlite`` is the first."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection


class Database(Protocol):
    """Transactions on one database. Every error of the engine leaves it as a StagemailError."""

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state and changes nothing."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that excludes other writers from its first statement on; lands whole or not at all."""
        ...

    def close(self) -> None:
        """Give back every connection."""
        ...

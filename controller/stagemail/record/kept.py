"""What the rest of the product gets when a record is opened: the record, the leases, and its end."""

from types import TracebackType
from typing import Protocol, Self

from stagemail.journal_ports import Journaled
from stagemail.ports import Leases, Record, Rekeying, Standings


class KeptRecord(Record, Leases, Rekeying, Standings, Journaled, Protocol):
    """A record that also keeps the leases, how stages stand and a journal, and that is given back at the end."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know since it was opened, in sentences."""
        ...

    def close(self) -> None:
        """Give back what it holds; a record that was closed opens again when it is used."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

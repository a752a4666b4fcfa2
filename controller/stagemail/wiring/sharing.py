"""What processes share where the record is in PostgreSQL: jobs, signs of life, limits. None of it elsewhere.

Loaded only where ``state`` names PostgreSQL, since it needs an extra. Not here: the record itself (``record``).
"""

from collections.abc import Callable

from stagemail.dispatch.by_procrastinate import BEAT, SILENCE, ProcrastinateDispatcher
from stagemail.dispatch.exchange import PostgresExchange
from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.dispatch.membership import Membership
from stagemail.dispatch.spent import SharedSpent
from stagemail.model.secret import Secret

QUICKEST = 4.0
"""Beside an emulator signs of life come faster, too, but not so fast that a busy machine looks dead."""


class Sharing:
    """One process's part in what is shared. ``speed``: of our clock, beside an emulator another than 1."""

    def __init__(self, state: str, password: Callable[[], Secret | None], owner: str, speed: float) -> None:
        self._owner = owner
        self._speed = speed
        self._beat, self._silence = BEAT / min(speed, QUICKEST), SILENCE / min(speed, QUICKEST)
        self.database = JobsDatabase(state, password)
        self.exchange = PostgresExchange(self.database)
        self.spent = SharedSpent(self.database, speed)
        self._silent = Membership(self.database, owner, beat=self._beat, silence=self._silence)

    def dispatcher(self, workers: int) -> ProcrastinateDispatcher:
        """Who does the jobs."""
        return ProcrastinateDispatcher(
            self.database, workers, speed=self._speed, beat=self._beat, silence=self._silence
        )

    def member(
        self,
        *,
        candidate: bool,
        complain: Callable[[str], None],
        relieved: Callable[[], None],
        news: Callable[[], None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
    ) -> Membership:
        """This process among the others; to be started."""
        return Membership(
            self.database,
            self._owner,
            beat=self._beat,
            silence=self._silence,
            candidate=candidate,
            news=news,
            changed=changed,
            complain=complain,
            relieved=relieved,
        )

    def is_gone(self, owner: str) -> bool:
        """Whether a holder of leases gave no sign of life for too long. Raises Unreachable."""
        return self._silent.is_gone(owner)

    def close(self) -> None:
        """End the connections."""
        self.database.close()

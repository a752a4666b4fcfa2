"""Who is alive among the processes that share a database, and which controller leads.

Each process gives a sign of life every few seconds, in the database's time. One that gave none for long enough is gone:
its leases may be taken at once. A process that was itself without the database judges nobody until the others had time
to show themselves again. Not here: the jobs of the dead (``engine``), leases (``record``).
"""

import select
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Final

import psycopg

from stagemail.dispatch.jobs_database import SCHEMA, JobsDatabase, refusal
from stagemail.errors import StagemailError

_BEAT: Final = """INSERT INTO members (owner, beat) VALUES (%(owner)s, clock_timestamp())
ON CONFLICT (owner) DO UPDATE SET beat = excluded.beat, gone = false"""
_JUDGE: Final = """UPDATE members SET gone = true
WHERE NOT gone AND beat < clock_timestamp() - make_interval(secs => %(silence)s)"""
_FORGET: Final = "DELETE FROM members WHERE gone AND beat < clock_timestamp() - interval '1 day'"
_LEAD: Final = """INSERT INTO leader (role, owner, beat) VALUES ('controller', %(owner)s, clock_timestamp())
ON CONFLICT (role) DO UPDATE SET owner = excluded.owner, beat = excluded.beat
WHERE leader.owner = excluded.owner OR leader.beat < clock_timestamp() - make_interval(secs => %(silence)s)
RETURNING owner"""
_STALE: Final = "DELETE FROM news WHERE at < clock_timestamp() - interval '1 day'"


class Membership(Thread):
    """One process among the others. ``beat``, ``silence``: seconds between signs of life, and until one is gone.

    ``candidate``: whether this process may lead. ``news``: called where there may be some, and it leads.
    ``changed``: called when it began or ceased to lead, or learnt that another one does. ``complain``: told once when
    the database cannot be used; ``relieved``: called once when it can again.
    """

    def __init__(
        self,
        database: JobsDatabase,
        owner: str,
        *,
        beat: float,
        silence: float,
        candidate: bool = False,
        news: Callable[[], None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
        complain: Callable[[str], None] = lambda _message: None,
        relieved: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name="stagemail-membership", daemon=True)
        self._database = database
        self._owner = owner
        self._beat, self._silence = beat, silence
        self._candidate = candidate
        self._news, self._changed, self._complain, self._relieved = news, changed, complain, relieved
        self._ended = Event()
        self._leads = False
        self._was_told = False
        self._last = time.monotonic()
        self._has_said = False

    @property
    def leads(self) -> bool:
        """Whether this process leads, as far as it knows: not once its own signs of life are too old."""
        return self._leads and time.monotonic() - self._last < self._silence

    @property
    def stands_by(self) -> bool:
        """Whether another one leads, as far as it knows."""
        return self._was_told and not self._leads

    @property
    def quiet(self) -> float:
        """Seconds since the last sign of life that the database took."""
        return time.monotonic() - self._last

    def run(self) -> None:
        """Beat until ``leave``."""
        while not self._ended.is_set():
            try:
                self._database.prepare()
                with self._database.connected() as connection:
                    self._live(connection)
            except StagemailError as error:
                self._cannot(error.sentence)
            except (psycopg.Error, OSError, ValueError) as error:
                self._cannot(refusal(error).sentence)
            self._lead(False)
            self._ended.wait(self._beat / 4)

    def leave(self) -> None:
        """End in order: nobody has to wait for the silence."""
        self._ended.set()
        self.join(self._beat)
        if self.quiet > 2 * self._beat:
            return  # the database is away, and a stop has no time to wait for it: the silence says the same
        try:
            self._database.rows("DELETE FROM members WHERE owner = %(owner)s", {"owner": self._owner})
            self._database.rows("DELETE FROM leader WHERE owner = %(owner)s", {"owner": self._owner})
        except StagemailError:
            return

    def is_gone(self, owner: str) -> bool:
        """Whether this holder of leases gave no sign of life for too long. Of one that never gave any: False."""
        rows = self._database.rows("SELECT gone FROM members WHERE owner = %(owner)s", {"owner": owner})
        return bool(rows and rows[0][0])

    def _live(self, connection: psycopg.Connection[Any]) -> None:
        """Beat over one connection until it ends."""
        values = {"owner": self._owner, "silence": self._silence}
        since = time.monotonic()
        if self._candidate:
            connection.execute(f"LISTEN {SCHEMA}_news")
        while not self._ended.is_set():
            begun = time.monotonic()
            if begun - self._last > 2 * self._beat:
                since = begun  # we stood still, or were away: nobody could be seen
            connection.execute(_BEAT, values)
            self._last = begun
            self._can()
            if self._candidate:
                self._lead(bool(connection.execute(_LEAD, values).fetchone()), told=True)
            if begun - since >= self._silence:
                connection.execute(_JUDGE, values)
                connection.execute(_FORGET)
                connection.execute(_STALE)
            self._wait(connection, begun + self._beat)

    def _wait(self, connection: psycopg.Connection[Any], until: float) -> None:
        """Wait for the next beat; where we lead, see to news meanwhile."""
        if not self._leads:
            self._ended.wait(max(0.0, until - time.monotonic()))
            return
        self._news()
        while not self._ended.is_set() and (left := until - time.monotonic()) > 0:
            if select.select([connection], [], [], min(left, 1.0))[0]:
                for _ in connection.notifies(timeout=0.0):
                    pass
                self._news()

    def _lead(self, leads: bool, *, told: bool = False) -> None:
        """``told``: by the database; else it is away, and nobody knows who leads."""
        if (leads, told) != (self._leads, self._was_told):
            self._leads, self._was_told = leads, told
            self._changed()

    def _cannot(self, sentence: str) -> None:
        if not self._has_said:
            self._has_said = True
            self._complain(sentence)

    def _can(self) -> None:
        if self._has_said:
            self._has_said = False
            self._database.begin_anew()
            self._relieved()

"""What was taken of platforms' limits, for all processes that share a database: one row for each bucket.

The time is the database's, so clocks of hosts that differ break no limit. One call of a function of the database
(``jobs_database``) takes a place, and the bucket's row is locked meanwhile.
Not here: which limits there are (``target.odc.limits``).

pyrate-limiter's bucket for PostgreSQL makes a table and an index for each bucket, five statements and a lock on the
table for each call, and counts by the clocks of the hosts (docs/adr). Source: PostgreSQL "INSERT … ON CONFLICT".
"""

from typing import Final

from stagemail.dispatch.jobs_database import JobsDatabase

_TAKE: Final = "SELECT take_place(%(name)s, %(limit)s, %(window)s, %(speed)s)"
_USED: Final = """SELECT count(*) FROM spent, unnest(at) t WHERE bucket = %(name)s
AND t > extract(epoch FROM clock_timestamp()) * 1000 * %(speed)s::float8 - %(window)s"""


class SharedSpent:
    """Implements ``model.usage.Spent``. ``speed``: seconds of our clock in one of the database's."""

    def __init__(self, database: JobsDatabase, speed: float = 1.0) -> None:
        self._database = database
        self._speed = speed

    def take(self, name: str, limit: int, window: int) -> int:
        """See ``model.usage.Spent.take``."""
        values = {"name": name, "limit": limit, "window": window, "speed": self._speed}
        return int(self._database.rows(_TAKE, values)[0][0])

    def used(self, name: str, limit: int, window: int) -> int:
        """See ``model.usage.Spent.used``."""
        values = {"name": name, "window": window, "speed": self._speed}
        return min(limit, int(self._database.rows(_USED, values)[0][0]))

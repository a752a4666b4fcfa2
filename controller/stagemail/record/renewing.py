"""When a lease is over, and when one that is asked for again is only looked at: a durable commit costs more.

Not here: leases themselves (``leases``, ``ledger``).
"""

from datetime import datetime, timedelta


def is_young(until: datetime, now: datetime, seconds: float) -> bool:
    """Whether a lease of so many seconds is in its first third, where only its fence has to be looked at."""
    return until - now > timedelta(seconds=seconds) * 2 / 3


AHEAD = timedelta(hours=1)
"""A lease that begins by so much in the future was taken by a clock that was wrong."""


def is_over(since: datetime, until: datetime, now: datetime) -> bool:
    """Whether a lease has run out, or would last for years because its holder's clock was ahead of ours.

    Taking over what its holder still uses does no harm: that one finds its fence outrun before its next write.
    """
    return until <= now or since - now > AHEAD

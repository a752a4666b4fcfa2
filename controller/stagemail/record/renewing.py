"""When a lease that is asked for again is only looked at: every write asks, and a durable commit costs more than it.

Not here: leases themselves (``leases``, ``ledger``).
"""

from datetime import datetime, timedelta


def is_young(until: datetime, now: datetime, seconds: float) -> bool:
    """Whether a lease of so many seconds is in its first third, where only its fence has to be looked at."""
    return until - now > timedelta(seconds=seconds) * 2 / 3

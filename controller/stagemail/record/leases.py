"""Leases in the record's table: one holder per scope, and a fence that grows by one with every holder.

Each function runs inside a write transaction of the caller. Not here: how long a lease should be (``reconcile``).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, insert, select, update

from stagemail.ports import Lease
from stagemail.record.refusals import busy, lease_lost
from stagemail.record.renewing import is_over, is_young
from stagemail.record.tables import LEASES


def take(
    connection: Connection, scope: str, owner: str, now: datetime, seconds: float, *, is_gone: Callable[[str], bool]
) -> Lease:
    """Take a scope that is free, expired, was given back, or whose holder is known to be gone. Raises Busy."""
    held = _holding(connection, scope)
    if held is not None and held.owner and not is_over(held.since, held.until, now) and not is_gone(held.owner):
        raise busy(scope, held.owner, held.since, held.until)
    lease = Lease(scope, owner, held.fence + 1 if held else 1, now + timedelta(seconds=seconds))
    values = {"owner": owner, "fence": lease.fence, "since": now, "until": lease.until}
    if held is None:
        connection.execute(insert(LEASES).values(scope=scope, **values))
    else:
        connection.execute(update(LEASES).where(LEASES.c.scope == scope).values(values))
    return lease


def prolong(connection: Connection, lease: Lease, now: datetime, seconds: float) -> Lease:
    """Move the end of a lease that is still the newest; in its first third only the fence is looked at.

    Every write asks for this; a durable commit for each would cost more than the write. Raises LeaseLost.
    """
    held = require(connection, lease)
    if is_young(held.until, now, seconds):
        return replace(lease, until=held.until)
    renewed = replace(lease, until=now + timedelta(seconds=seconds))
    connection.execute(update(LEASES).where(LEASES.c.scope == lease.scope).values(until=renewed.until))
    return renewed


def give_back(connection: Connection, lease: Lease) -> None:
    """Free the scope, unless somebody else holds it by now."""
    mine = (LEASES.c.scope == lease.scope) & (LEASES.c.fence == lease.fence)
    connection.execute(update(LEASES).where(mine).values(owner=""))


def require(connection: Connection, lease: Lease) -> Row[tuple[str, str, int, datetime, datetime]]:
    """Who holds the scope. Raises LeaseLost unless it is this lease, the newest and not given back."""
    held = _holding(connection, lease.scope)
    if held is None or held.fence != lease.fence or held.owner != lease.owner:
        raise lease_lost(lease, held.owner if held else "")
    return held


def _holding(connection: Connection, scope: str) -> Row[tuple[str, str, int, datetime, datetime]] | None:
    return connection.execute(select(LEASES).where(LEASES.c.scope == scope).with_for_update()).one_or_none()

"""Holds every organization's lease at once, for what must happen while no run is under way.

Not here: leases (``ports.Leases``), what is done meanwhile.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from stagemail.errors import UserMustFix
from stagemail.ports import Clock, Lease, Leases
from stagemail.reconcile.waiting import LEASE_SECONDS


@contextmanager
def held(leases: Leases, clock: Clock, owner: str, scopes: Iterable[str]) -> Iterator[Lease]:
    """Hold them all; gives the last of them. Raises Busy while any run is under way, UserMustFix without a scope."""
    lease: Lease | None = None
    with ExitStack() as stack:
        for scope in sorted(set(scopes)):
            lease = leases.acquire(scope, owner, clock.now(), LEASE_SECONDS)
            stack.callback(leases.release, lease)
        if lease is None:
            raise UserMustFix("the operator file names no target", hint="add one under `targets:`")
        yield lease

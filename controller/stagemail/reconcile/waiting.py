"""Waiting for operations that a platform runs on its own: asked for together, often at first and seldom later.

ODC's documentation asks for a poll every 5 s, and after 30 s every 30 s. Not here: beginning them.
"""

from collections.abc import Mapping, Sequence

from stagemail.model.run import Operation, Outcome
from stagemail.ports import Lease
from stagemail.reconcile.world import World

LEASE_SECONDS = 90.0
OFTEN, SELDOM, OFTEN_FOR, GIVE_UP = 5.0, 30.0, 30.0, 900.0
"""Seconds between polls, between later polls, how long polls come often, and how long we wait at all."""


def pause_after(waited: float) -> float:
    """How long to sleep before the next poll, after having waited this long."""
    return OFTEN if waited < OFTEN_FOR else SELDOM


def wait_for(
    operations: Sequence[Operation], world: World, lease: Lease
) -> tuple[Mapping[Operation, Outcome | None], Lease]:
    """Poll until all are over, at most ``GIVE_UP`` seconds; None for one that still runs then. Keeps the lease."""
    outcomes: dict[Operation, Outcome | None] = dict.fromkeys(operations)
    start = world.clock.monotonic()
    while running := [operation for operation, outcome in outcomes.items() if outcome is None]:
        outcomes.update(world.target.poll(running))
        waited = world.clock.monotonic() - start
        if all(outcomes.values()) or waited > GIVE_UP:
            break
        world.progress("waiting for the platform", len(outcomes) - len(running), len(outcomes))
        world.clock.sleep(pause_after(waited))
        lease = world.leases.renew(lease, world.clock.now(), LEASE_SECONDS)
    return outcomes, lease

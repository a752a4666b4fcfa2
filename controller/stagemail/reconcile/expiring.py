"""The credentials of a stage that run out within 30 days, its target's own included: said by every plan and status.

Not here: all credentials with their age (``secret_status``), the days at which it is said (``model.expiry``).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from stagemail.model.expiry import expiry_of
from stagemail.model.plan import Note, Plan
from stagemail.model.snapshot import Desired
from stagemail.reconcile.uses import uses_of
from stagemail.reconcile.world import World

KIND = "secret-expires"
DATED = frozenset({KIND, "authentication-retires"})
"""Notes that change by the calendar alone."""


def with_expiries(plan: Plan, desired: Desired, world: World) -> Plan:
    """The plan with a note for each credential that runs out soon, as far as anybody knows."""
    return replace(plan, notes=tuple(sorted({*plan.notes, *expiring(desired, world)})))


def without_expiries(plan: Plan) -> Plan:
    """The plan as it would be on any other day: a saved one is not stale because a date came nearer."""
    return replace(plan, notes=tuple(note for note in plan.notes if note.kind not in DATED))


def expiring(desired: Desired | None, world: World) -> Iterator[Note]:
    """A note for each. What this run read tells more than the references: stores may know when a secret runs out."""
    today: date = world.clock.now().date()
    named = {f"{desired.stage if desired else ''} {name}": use.ref for name, use in uses_of(desired).items()}
    for what, ref in sorted({**named, **world.own_secrets}.items()):
        expiry = expiry_of(what, world.credentials.expiry(ref), today)
        if expiry is not None and expiry.warning:
            yield Note("secret-expires", what, f"secret {ref} {expiry.warning}")

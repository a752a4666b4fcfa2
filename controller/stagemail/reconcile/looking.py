"""One stage as it is now: its plan, and every app that can be bound, whether somebody binds it or not.

Writes nothing. Not here: what is said about it (``why``, ``secret_status``).
"""

from stagemail.dataclass import dataclass
from stagemail.model.key import BINDING, Key
from stagemail.model.snapshot import Observed
from stagemail.planning.evidence import told_by_apps
from stagemail.reconcile.once import Prepared, plan
from stagemail.reconcile.request import Request
from stagemail.reconcile.world import World


@dataclass(frozen=True, slots=True)
class Looked:
    """The plan, and what was read for it and beyond it."""

    prepared: Prepared
    observed: Observed


def look(request: Request, world: World) -> Looked:
    """Plan one stage and read the apps that the plan had no need of. Raises what ``plan`` raises."""
    prepared = plan(request, world)
    inventory = prepared.situation.inventory
    keys = (Key(request.stage, BINDING, app.key) for app in inventory.apps if app.bindable)
    known = prepared.situation.observed.by_key()
    more = world.target.observe(request.stage, tuple(key for key in keys if key not in known))
    resources = {**known, **more.by_key()}
    seen = Observed(request.stage, inventory.stage, tuple(resources[key] for key in sorted(resources)))
    return Looked(prepared, told_by_apps(seen))

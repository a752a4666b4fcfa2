"""How often drift can be watched: what one look at all stages of a target costs, within our share of its limits.

Asks the platform for its listings at most. Not here: rendering (``report.watching``).
"""

from collections.abc import Iterable

from stagemail.errors import StagemailError
from stagemail.model.key import Key
from stagemail.ports import Limited
from stagemail.reconcile.request import Request
from stagemail.reconcile.situation import keys_of, load
from stagemail.reconcile.world import World
from stagemail.report.watching import Watch


def watch_of(requests: Iterable[Request], world: World) -> Watch | None:
    """Of all stages of one target, whichever were asked for; None where the platform publishes no limits.

    A stage that cannot be looked at costs nothing and is named.
    """
    if not isinstance(world.target, Limited):
        return None
    keys: list[Key] = []
    stages: list[str] = []
    left_out: list[str] = []
    for request in requests:
        try:
            desired = load(request)
            inventory = world.target.inventory(request.stage)
            keys += keys_of(desired, inventory, every_app=False)
            stages.append(request.stage)
        except StagemailError:
            left_out.append(request.stage)
    if not stages:
        return None
    cost = world.target.cost(keys)
    return Watch(world.target_name, tuple(stages), tuple(left_out), cost.seconds, cost.decides, cost)

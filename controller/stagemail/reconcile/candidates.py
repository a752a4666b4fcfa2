"""Which revision a stage follows: the branch's newest, or, while that must soak elsewhere, the newest that has.

Where commits come more often than a soak lasts, a stage that only ever looked at the newest would wait for ever. A
revision that a later commit of the branch reverts is not followed. Not here: the gate itself (``gates.waiting``).
"""

from stagemail.model.gate import Gating
from stagemail.model.standing import Standing
from stagemail.ports import Follower
from stagemail.reconcile.gates import waiting
from stagemail.reconcile.world import World


def followed(gating: Gating, standing: Standing, tip: str, source: Follower, world: World) -> str:
    """The revision for the next pass. What already holds at the tip is decided there, and drift is healed there."""
    now = world.clock.now()
    if not gating.depends_on or waiting(gating, world.standings.standing, source.contents(tip), now) is None:
        return tip
    mine = standing.stage
    for candidate in _tried(gating, world):
        if candidate in (tip, standing.revision) or source.advance(candidate, tip).relation != "forward":
            continue
        later = source.advance(candidate, tip)
        way = source.advance(standing.revision, candidate) if standing.revision else None
        if way is not None and way.relation != "forward":
            continue
        taken = {candidate, *(commit.id for commit in way.commits)} if way else {candidate}
        contents = source.contents(candidate)
        if later.reverted & taken or contents.get(mine, "") == standing.content:
            continue
        if waiting(gating, world.standings.standing, contents, now) is None:
            return candidate
    return tip


def _tried(gating: Gating, world: World) -> list[str]:
    """Revisions that the stages before this one were Ready with, newest first."""
    times = {time for other in gating.depends_on for time in world.standings.standing(other).readiness}
    return list(dict.fromkeys(time.revision for time in sorted(times, key=lambda time: time.since, reverse=True)))

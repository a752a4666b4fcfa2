"""The plan of a stage under its gates: what rests on time, and on what people decided, is looked up here.

Not here: the gates themselves (``gates``), what they hold (``planning.guard``).
"""

from dataclasses import replace

from stagemail.model.plan import Plan
from stagemail.model.policy import Policy
from stagemail.model.standing import Standing
from stagemail.planning import plan_stage
from stagemail.planning.resolve import Resolved
from stagemail.planning.situation import Situation
from stagemail.reconcile.gates import approval, canary, with_gates
from stagemail.reconcile.lasting import drift_ages
from stagemail.reconcile.request import Request
from stagemail.reconcile.world import World

RUNS = 1000
"""Runs that are looked at to tell how long drift has lasted."""


def judged(request: Request, world: World) -> Policy:
    """The policy with how long drift has lasted and which gates are shut."""
    policy, now = request.policy, world.clock.now()
    if request.ordered and not policy.gating.soak:
        policy = replace(policy, gating=replace(policy.gating, depends_on=()))
    if policy.automatic and policy.heal_after:
        policy = replace(policy, drift_ages=drift_ages(world.record.runs(policy.stage, RUNS), now))
    return with_gates(
        policy,
        standing=world.standings.standing,
        decisions=world.standings.decisions() if policy.automatic else (),
        contents=request.contents,
        now=now,
    )


def planned(facts: Situation, request: Request, world: World) -> tuple[Situation, Plan, Resolved]:
    """The plan, made once more where a gate is shut that only a plan can tell of: approval, canary."""
    made, resolved = plan_stage(facts)
    gating = facts.policy.gating
    if not facts.policy.automatic or not (gating.canary_apps or gating.approval == "manual"):
        return facts, made, resolved
    standing = world.standings.standing(request.stage)
    shut = approval(made, gating, world.standings.decisions(), standing)
    if shut is None:
        shut = canary(made, facts.policy, _there(standing, facts), request.content, world.clock.now())
    if shut is None:
        return facts, made, resolved
    facts = replace(facts, policy=replace(facts.policy, gates=(*facts.policy.gates, shut)))
    return (facts, *plan_stage(facts))


def _there(standing: Standing, facts: Situation) -> Standing:
    """Without its canary where none of the canary's apps is on the stage any more: it proves nothing."""
    present = {app.key for app in facts.inventory.apps}
    is_gone = standing.canary is not None and present.isdisjoint(standing.canary.apps)
    return replace(standing, canary=None) if is_gone else standing

"""Writes down how a stage stands, with the run that it stands on, and only where it is another standing than before.

Not here: the conditions (``conditions``), keeping them (``record``).
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from stagemail.model.plan import Plan
from stagemail.model.policy import Policy
from stagemail.model.run import Run
from stagemail.model.standing import Canary, Standing
from stagemail.ports import Entry
from stagemail.reconcile.conditions import Made, after_run, held_back, while_running
from stagemail.reconcile.gates import begun_canary
from stagemail.reconcile.request import Request
from stagemail.reconcile.turns import noted
from stagemail.reconcile.world import World

MOST_UNTOLD: Final = 20
"""Runs of one stage of which people are still told after a restart."""


def begun(request: Request, run: Run, policy: Policy, world: World) -> list[Entry]:
    """A run that will write began: what is left behind where it is killed, its canary among it."""
    old = world.standings.standing(request.stage)
    if request.verdict is not None:
        old = replace(old, untold=(*old.untold, run.id)[-MOST_UNTOLD:])
    if any(gate.kind == "canary" for gate in policy.gates):
        old = replace(old, canary=_canary(old, run, policy, request.content, run.started))
    return [Entry(standing=while_running(old, run.revision, run.started))]


def stands(request: Request, run: Run, plan: Plan, policy: Policy, world: World) -> list[Entry]:
    """How the stage stands after a run; nothing where that is as before, or the run was for a part of the stage."""
    if request.only or request.push:
        return []
    old, now = world.standings.standing(request.stage), world.clock.now()
    new = after_run(old, run, Made(plan, policy.gates, request.content), now)
    new = replace(new, canary=_canary(old, run, policy, request.content, now))
    if request.verdict is not None:
        if request.verdict.held:
            new = held_back(old, new, request.verdict, now)
        new = noted(old, new, request.verdict.tip)
    return [] if new == old else [Entry(standing=new)]


def _canary(old: Standing, run: Run, policy: Policy, content: str, now: datetime) -> Canary | None:
    """The canary of these contents: since the last run that had to do with its apps ended; never since the future.

    It is the same one until its apps are live: were others to take the place of those that fail, all would be tried.
    """
    gate = next((gate for gate in policy.gates if gate.kind == "canary"), None)
    if gate is not None and not gate.again:
        return Canary(content, gate.beside, run.finished or run.started)
    known = begun_canary(old, content)
    return None if known is None else replace(known, since=min(known.since, now))


def is_known(run: Run, world: World) -> bool:
    """Whether the record's newest run of the stage already says all that this one would, but when."""
    last = next(iter(world.record.runs(run.stage, 1)), None)
    return (
        last is not None
        and replace(last, id=run.id, actor=run.actor, started=run.started, finished=run.finished) == run
    )

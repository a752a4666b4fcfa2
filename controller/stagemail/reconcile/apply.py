"""Apply: the steps of a plan in their order, each journalled, each outcome found by reading.

Narrowing comes first and is made live before the stage's settings change; if it failed for an app, settings that
would let mail out are not changed. Not here: deciding what to do (``planning``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from stagemail.model.key import CONFIGURATION
from stagemail.model.run import Outcome
from stagemail.model.secret import Secret
from stagemail.model.step import Step
from stagemail.planning import order
from stagemail.ports import Entry
from stagemail.reconcile.activate import activate_all
from stagemail.reconcile.journal import Journal, outcome_of
from stagemail.reconcile.state import State
from stagemail.reconcile.world import World
from stagemail.reconcile.writes import write_all

RENEWALS = frozenset({"rotated", "overwritten", "unsettled", "unverified", "together"})
"""Changes that renew a credential and let no mail out that did not go out before."""
FAILED = frozenset({"failed", "unknown"})


def apply(state: State, secrets: Mapping[str, Secret], world: World, journal: Journal) -> None:
    """Do what may be done, and say of the rest why not. Outcomes end up in the journal."""
    journal.note(_not_run(step) for step in state.plan.steps if not step.runnable)
    for phase, group in groupby(state.plan.runnable, key=lambda step: step.phase):
        steps, left = _safe(tuple(group), journal.outcomes, state)
        journal.note(left)
        if phase == order.FORGET:
            done = [outcome_of(step, "done", "forgotten; the platform keeps its values") for step in steps]
            journal.note(done, [Entry(forgotten=step.key) for step in steps])
        elif phase in (order.NARROW, order.STAGE, order.WIDEN):
            write_all(steps, secrets, state, world, journal)
        else:
            activate_all(_due(steps, journal), state, world, journal)
    _refresh_evidence(state, world, journal)


def _not_run(step: Step) -> Outcome:
    if step.held:
        return outcome_of(
            step, "held", "; ".join(hazard.message.removeprefix(f"{step.label}: ") for hazard in step.held)
        )
    if step.reported:
        return outcome_of(step, "reported", step.why[-1] if step.why else "")
    return outcome_of(step, "failed", step.blocked)


def _safe(steps: Sequence[Step], past: Sequence[Outcome], state: State) -> tuple[list[Step], list[Outcome]]:
    """Leave the stage's settings alone while an app of it could not be narrowed."""
    narrow = {step.id: step for step in state.plan.steps if step.phase in (order.NARROW, order.NARROW_LIVE)}
    failed = sorted({past_.label for past_ in past if past_.step in narrow and past_.status in {*FAILED, "held"}})
    safe, left = [], []
    for step in steps:
        risky = step.key.kind == CONFIGURATION and any(change.case not in RENEWALS for change in step.changes)
        if failed and risky:
            message = f"not changed while the test list of {', '.join(failed)} is not live"
            left.append(outcome_of(step, "skipped", message, retry=True))
        else:
            safe.append(step)
    return safe, left


def _due(steps: Sequence[Step], journal: Journal) -> list[Step]:
    """Activations whose write was refused have nothing to make live."""
    stage_failed = any(o.key.kind == CONFIGURATION and o.status in {*FAILED, "skipped"} for o in journal.outcomes)
    failed = {outcome.key for outcome in journal.outcomes if outcome.action == "write" and outcome.status in FAILED}
    return [step for step in steps if step.key not in failed and not (step.if_pending and stage_failed)]


def _refresh_evidence(state: State, world: World, journal: Journal) -> None:
    """Whether making apps live moves the platform's evidence of a secret is unknown: read it again, and keep it."""
    applied = state.applied.get(state.stage_key)
    activated = any(outcome.action == "activate" and outcome.status == "done" for outcome in journal.outcomes)
    specs = state.situation.specs
    if applied is None or not activated or not any(specs[name].secret for name in applied.fields):
        return
    state.saw(world.target.observe(state.plan.stage, (state.stage_key,)).resources)
    seen = state.seen[state.stage_key].fields
    fields = {
        name: replace(kept, evidence=seen[name].evidence) if specs[name].secret and name in seen else kept
        for name, kept in applied.fields.items()
    }
    if fields != dict(applied.fields):
        renewed = replace(applied, fields=fields)
        state.applied[state.stage_key] = renewed
        journal.note([], [Entry(applied=renewed)])

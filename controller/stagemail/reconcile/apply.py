"""Apply: the steps of a plan in their order, each journalled, each outcome found by reading.

Narrowing comes first and is made live before the stage's settings change; if it failed for an app, settings that
would let mail out are not changed. Not here: deciding what to do (``planning``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from stagemail.model.key import BINDING, CONFIGURATION
from stagemail.model.run import Outcome
from stagemail.model.secret import Secret
from stagemail.model.step import Step
from stagemail.planning import order
from stagemail.planning.activation import LIVE_PHASE
from stagemail.ports import Entry
from stagemail.reconcile.activate import Activations
from stagemail.reconcile.journal import Journal, outcome_of
from stagemail.reconcile.state import State
from stagemail.reconcile.world import World
from stagemail.reconcile.writes import evidence_of, write_all

RENEWALS = frozenset({"rotated", "overwritten", "unsettled", "unverified", "together"})
"""Changes that renew a credential and let no mail out that did not go out before."""
FAILED = frozenset({"failed", "unknown"})
FIRST_PIECE, LARGEST_PIECE = 4, 32
"""Apps that are written before the first of them is made live, and later ones while those already begun keep the
platform busy: ODC lets 10 begin in a minute, so reading and writing is done while the next ones have to wait. Pieces
double, as each costs an append to the record; 32 apps are 64 calls, and fit into a minute of our share."""


def apply(state: State, secrets: Mapping[str, Secret], world: World, journal: Journal) -> None:
    """Do what may be done, and say of the rest why not. Outcomes end up in the journal."""
    journal.note(_not_run(step) for step in state.plan.steps if not step.runnable)
    steps = {phase: tuple(group) for phase, group in groupby(state.plan.runnable, key=lambda step: step.phase)}
    for written, live in LIVE_PHASE.items():
        safe, left = _safe(steps.get(written, ()), journal.outcomes, state)
        journal.note(left)
        _pipelined(safe, steps.get(live, ()), secrets, (state, world, journal))
    forget = steps.get(order.FORGET, ())
    done = [outcome_of(step, "done", "forgotten; the platform keeps its values") for step in forget]
    journal.note(done, [Entry(forgotten=step.key) for step in forget])
    _refresh_evidence(state, world, journal)


def _pipelined(
    written: Sequence[Step], live: Sequence[Step], secrets: Mapping[str, Secret], work: tuple[State, World, Journal]
) -> None:
    """Make written apps live while others are still written: the platform lets few begin in a minute."""
    _, _, journal = work
    activations = Activations(*work, total=len(live))
    pieces = _pieces(written)
    left = {step.id: step for step in live}
    for piece in pieces:
        write_all(piece, secrets, *work)
        keys = {step.key for step in piece}
        now = [step for step in left.values() if step.key in keys or piece is pieces[-1]]
        for step in now:
            del left[step.id]
        activations.begin(_due(now, journal))
    activations.finish()


def _pieces(writes: Sequence[Step]) -> Sequence[Sequence[Step]]:
    """Writes of apps in pieces; all at once where the stage is among them, as its values run in every app."""
    if any(step.key.kind == CONFIGURATION for step in writes):
        return [writes]
    pieces: list[Sequence[Step]] = []
    start, size = 0, FIRST_PIECE
    while not pieces or start < len(writes):
        pieces.append(writes[start : start + size])
        start, size = start + size, min(2 * size, LARGEST_PIECE)
    return pieces


def _not_run(step: Step) -> Outcome:
    if step.held:
        why = [hazard.message.removeprefix(f"{step.label}: ") for hazard in step.held]
        return outcome_of(step, "held", "; ".join([*why, step.blocked] if step.blocked else why))
    if step.reported:
        return outcome_of(step, "reported", step.why[-1] if step.why else "")
    if step.gate:
        return outcome_of(step, "held", step.gate)
    return outcome_of(step, "failed", step.blocked)


def _safe(steps: Sequence[Step], past: Sequence[Outcome], state: State) -> tuple[list[Step], list[Outcome]]:
    """Leave the stage's settings alone while an app of it could not be narrowed."""
    early = {app.key for app in state.situation.inventory.ahead}  # what is not deployed sends nothing
    narrow = {
        step.id
        for step in state.plan.steps
        if step.phase in (order.NARROW, order.NARROW_LIVE) and not (step.key.kind == BINDING and step.key.id in early)
        if not step.gate  # a gate lets all that narrows through, or holds the stage as well
    }
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
        name: replace(kept, evidence=evidence_of(seen[name])) if specs[name].secret and name in seen else kept
        for name, kept in applied.fields.items()
    }
    if fields != dict(applied.fields):
        renewed = replace(applied, fields=fields)
        state.applied[state.stage_key] = renewed
        journal.note([], [Entry(applied=renewed)])

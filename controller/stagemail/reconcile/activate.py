"""Makes pending values live, app by app, and waits for all of them together.

Directly before each activation the app is read again: what somebody else left pending there meanwhile is never
made live. The window between that read and the platform's own work remains (docs/explanation/guarantees.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stagemail.errors import OutcomeUnknown, StagemailError, TryLater
from stagemail.model.run import Intent, Operation, Outcome
from stagemail.model.step import Hazard, Step
from stagemail.planning import order
from stagemail.planning.activation import Pending
from stagemail.planning.hazards import foreign_pending, pending_widens, widened
from stagemail.reconcile.journal import Journal, outcome_of
from stagemail.reconcile.reading import read
from stagemail.reconcile.state import State
from stagemail.reconcile.waiting import GIVE_UP, OFTEN, pause_after
from stagemail.reconcile.world import World


@dataclass(slots=True)
class _Running:
    """Activations that were begun and are not over."""

    steps: dict[Operation, tuple[Step, Intent]] = field(default_factory=dict)
    over: list[tuple[Step, Intent, Outcome]] = field(default_factory=list)
    polled: float = 0.0


def activate_all(steps: Sequence[Step], state: State, world: World, journal: Journal) -> None:
    """Begin each that is needed, poll what runs in between, read back what is over, record the outcomes."""
    if not steps:
        return
    running = _Running(polled=world.clock.monotonic())
    for number, (step, intent) in enumerate(zip(steps, journal.open(steps), strict=True)):
        world.progress("making live", number, len(steps))
        unneeded = _unneeded(step, state, world)
        if unneeded is None:
            _begin(step, intent, running, world, journal)
        else:
            journal.close([(intent, unneeded, None)])
        if running.steps and world.clock.monotonic() - running.polled >= OFTEN:
            _poll(running, world)
    _wait(running, world, journal)
    _close(running, state, world, journal)
    world.progress("making live", len(steps), len(steps))


def _unneeded(step: Step, state: State, world: World) -> Outcome | None:
    """Why it is not sent; None where it is. Its intent is open already: one append for all of them."""
    try:
        state.saw(world.target.observe(state.plan.stage, (step.key,)).resources)
    except StagemailError as error:
        return outcome_of(step, "failed", error.sentence, retry=isinstance(error, TryLater))
    pending = state.pending(step.key)
    unknown = [hazard for hazard in _dragged(step, pending, state) if hazard not in step.hazards]
    if unknown:
        message = "; ".join(hazard.message for hazard in unknown)
        return outcome_of(step, "held", f"{message}; mend it in the portal, then run again", retry=True)
    return None if pending.ours else _already(step, state)


def _dragged(step: Step, pending: Pending, state: State) -> Iterable[Hazard]:
    """What making it live now would do beside what the plan said: somebody may have been faster than we are."""
    if pending.foreign:
        yield foreign_pending(step.label, pending.foreign)
    if step.phase != order.WIDEN_LIVE and pending_widens(state.seen.get(step.key), pending.ours | pending.foreign):
        yield widened(step.label)


def _already(step: Step, state: State) -> Outcome:
    wrong = state.not_live(step.key, own_only=step.phase != order.STAGE_LIVE)
    if wrong:
        message = f"nothing is pending, and it still runs with another {', '.join(wrong)}"
        return outcome_of(step, "failed", message, retry=True)
    return outcome_of(step, "not-needed", "live already")


def _begin(step: Step, intent: Intent, running: _Running, world: World, journal: Journal) -> None:
    journal.check()
    try:
        operation = world.target.begin(step, {})
    except OutcomeUnknown:
        operation = Operation(step.key, "activate", intent.at)
    except StagemailError as error:
        retry = isinstance(error, TryLater)
        journal.close([(intent, outcome_of(step, "failed", error.sentence, retry=retry), None)])
        return
    journal.begun(intent, operation)
    running.steps[operation] = (step, intent)


def _poll(running: _Running, world: World) -> None:
    try:
        answers = world.target.poll(tuple(running.steps))
    except TryLater:
        answers = {}
    running.polled = world.clock.monotonic()
    for operation, outcome in answers.items():
        if outcome is not None:
            step, intent = running.steps.pop(operation)
            running.over.append((step, intent, outcome))


def _wait(running: _Running, world: World, journal: Journal) -> None:
    start = world.clock.monotonic()
    total = len(running.steps) + len(running.over)
    while running.steps:
        _poll(running, world)
        waited = world.clock.monotonic() - start
        world.progress("waiting for the platform", len(running.over), total)
        if not running.steps or waited > GIVE_UP:
            return
        world.clock.sleep(pause_after(waited))
        journal.check()


def _close(running: _Running, state: State, world: World, journal: Journal) -> None:
    """Read back what is over. What still runs keeps its intent open: the next run finds out."""
    journal.note(
        outcome_of(step, "unknown", "still running on the platform; the next run finds out", retry=True)
        for step, _ in running.steps.values()
    )
    if not running.over:
        return
    keys = {step.key for step, _, _ in running.over}
    state.saw(read(world, state.plan.stage, keys, journal.check).resources)
    journal.close([(intent, _final(step, outcome, state), None) for step, intent, outcome in running.over])


def _final(step: Step, outcome: Outcome, state: State) -> Outcome:
    if outcome.status != "done":
        return outcome_of(step, outcome.status, outcome.message, retry=outcome.retry)
    wrong = state.not_live(step.key, own_only=step.phase != order.STAGE_LIVE)
    if wrong:
        message = f"the platform says finished, and it still runs with another {', '.join(wrong)}"
        return outcome_of(step, "failed", message, retry=True)
    return outcome_of(step, "done", "live")

"""Makes pending values live, app by app, and waits for all of them together.

Directly before each activation, and after any wait for the platform's limits, the app is read again: what somebody
else left pending there meanwhile is never made live. The window between that read and the platform's own work remains
(docs/explanation/guarantees.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import field

from stagemail.dataclass import dataclass
from stagemail.errors import OutcomeUnknown, StagemailError, TryLater
from stagemail.model.key import Key
from stagemail.model.run import Intent, Operation, Outcome
from stagemail.model.step import Hazard, Step
from stagemail.planning import order
from stagemail.planning.activation import Pending
from stagemail.planning.hazards import foreign_pending, pending_widens, widened
from stagemail.ports import Limited
from stagemail.reconcile.journal import Journal, outcome_of
from stagemail.reconcile.reading import read
from stagemail.reconcile.state import State
from stagemail.reconcile.waiting import GIVE_UP, OFTEN, pause_after
from stagemail.reconcile.world import World


@dataclass(slots=True)
class Activations:
    """Activations of one phase: begun piece by piece, polled and read back in between, finished together."""

    state: State
    world: World
    journal: Journal
    total: int
    """How many there are to be, for the progress that is shown."""
    _begun: int = 0
    _running: dict[Operation, tuple[Step, Intent]] = field(default_factory=dict)
    _over: list[tuple[Step, Intent, Outcome]] = field(default_factory=list)
    _unread: set[Key] = field(default_factory=set)
    _polled: float = 0.0

    def begin(self, steps: Sequence[Step]) -> None:
        """Begin each that is needed; what runs already is polled in between."""
        if not steps:
            return
        for step, intent in zip(steps, self.journal.open(steps), strict=True):
            self.world.progress("making live", self._begun, self.total)
            self._begun += 1
            unneeded = self.journal.halted(step, self.state.situation.policy)
            if unneeded is None and isinstance(self.world.target, Limited):
                self.world.target.make_room()  # it may take a minute, in which all may be stopped
                unneeded = self.journal.halted(step, self.state.situation.policy)
            unneeded = unneeded or _unneeded(step, self.state, self.world)
            if unneeded is None:
                self._send(step, intent)
            else:
                self.journal.close([(intent, unneeded, None)])
            if self._running and self.world.clock.monotonic() - self._polled >= OFTEN:
                self._poll()
                self._read_over()

    def finish(self) -> None:
        """Wait for all of them, read back what is over, record the outcomes."""
        if not self._begun:
            return
        self._wait()
        self._close()
        self.world.progress("making live", self.total, self.total)

    def _send(self, step: Step, intent: Intent) -> None:
        self.journal.check()
        if not self._running:
            self._polled = self.world.clock.monotonic()
        try:
            operation = self.world.target.begin(step, {})
        except OutcomeUnknown:
            operation = Operation(step.key, "activate", intent.at)
        except StagemailError as error:
            retry = isinstance(error, TryLater)
            self.journal.close([(intent, outcome_of(step, "failed", error.sentence, retry=retry), None)])
            return
        self.journal.begun(intent, operation)
        self._running[operation] = (step, intent)

    def _poll(self) -> None:
        self.journal.flush()
        try:
            answers = self.world.target.poll(tuple(self._running))
        except TryLater:
            answers = {}
        self._polled = self.world.clock.monotonic()
        for operation, outcome in answers.items():
            if outcome is not None:
                step, intent = self._running.pop(operation)
                self._over.append((step, intent, outcome))
                self._unread.add(step.key)

    def _read_over(self) -> None:
        """Read back what is over while the limits let nothing begin; what cannot be read now is read at the end."""
        try:
            self._read_back()
        except TryLater:
            return

    def _read_back(self) -> None:
        if self._unread:
            self.state.saw(read(self.world, self.state.plan.stage, self._unread, self.journal.check).resources)
            self._unread.clear()

    def _wait(self) -> None:
        start = self.world.clock.monotonic()
        total = len(self._running) + len(self._over)
        while self._running:
            self._poll()
            waited = self.world.clock.monotonic() - start
            self.world.progress("waiting for the platform", len(self._over), total)
            if not self._running or waited > GIVE_UP:
                return
            self.world.clock.sleep(pause_after(waited))
            self.journal.check()

    def _close(self) -> None:
        """What still runs keeps its intent open: the next run finds out."""
        self.journal.note(
            outcome_of(step, "unknown", "still running on the platform; the next run finds out", retry=True)
            for step, _ in self._running.values()
        )
        if self._over:
            self._read_back()
            final = [(intent, _final(step, outcome, self.state), None) for step, intent, outcome in self._over]
            self.journal.close(final)


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
    wrong = _wrong(step, state)
    if wrong:
        message = f"nothing is pending, and it still runs with another {', '.join(wrong)}"
        return outcome_of(step, "failed", message, retry=True)
    return outcome_of(step, "not-needed", "live already")


def _final(step: Step, outcome: Outcome, state: State) -> Outcome:
    if outcome.status != "done":
        return outcome_of(step, outcome.status, outcome.message, retry=outcome.retry)
    wrong = _wrong(step, state)
    if wrong:
        message = f"the platform says finished, and it still runs with another {', '.join(wrong)}"
        return outcome_of(step, "failed", message, retry=True)
    return outcome_of(step, "done", "live")


def _wrong(step: Step, state: State) -> tuple[str, ...]:
    """The fields that should run by now; drift that is left alone is no fault of making live what was written."""
    found = state.not_live(step.key, own_only=step.phase != order.STAGE_LIVE)
    return tuple(name for name in found if name not in state.left_alone(step.key))

"""The journal of a run: an intent is on disk before anything is sent, its outcome right after.

Every method that leads to a write checks the lease's fence first, so that a run that was taken over sends nothing.
Not here: what is sent (``writes``, ``activate``).
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from stagemail.errors import LeaseLost, TryLater
from stagemail.model.field import Value
from stagemail.model.gate import Gate, Gating
from stagemail.model.policy import Policy
from stagemail.model.run import Intent, Operation, Outcome, OutcomeStatus, Run
from stagemail.model.snapshot import AppliedResource
from stagemail.model.step import Step
from stagemail.ports import Entry, Lease
from stagemail.reconcile.gates import stopped, suspended
from stagemail.reconcile.scrubbed import without_secrets
from stagemail.reconcile.waiting import LEASE_SECONDS
from stagemail.reconcile.world import World

ASK = 15.0
"""Seconds after which a run asks again whether its stage was suspended."""
NAMED_LATE = 1.0
"""Seconds by which the name of an operation may be written later than it was told."""


class Journal:
    """The intents and outcomes of one run, under one lease."""

    def __init__(self, world: World, run: Run, lease: Lease) -> None:
        self._world = world
        self._run = run
        self.lease = lease
        self.outcomes: list[Outcome] = []
        self._named: list[Entry] = []
        self._asked = self._written = world.clock.monotonic()
        self._suspended: Gate | None = None

    def _append(self, entries: Iterable[Entry]) -> None:
        """One durable append, after what is still to be written."""
        everything = [*self._named, *entries]
        self._named.clear()
        self._written = self._world.clock.monotonic()
        if everything:
            self._world.record.append(everything, self.lease)

    def started(self, entries: Iterable[Entry] = ()) -> None:
        """The run itself, and what is adopted without a write."""
        self._world.record.append([Entry(run=self._run), *entries], self.lease)

    def open(self, steps: Sequence[Step]) -> list[Intent]:
        """Record that these steps are about to be sent: one durable append for all of them."""
        now = self._world.clock.now()
        intents = [
            Intent(
                id=f"{self._run.id}/{step.id}",
                run=self._run.id,
                key=step.key,
                label=step.label,
                action="activate" if step.action == "activate" else "write",
                at=now,
                values=tuple((change.field, change.after) for change in step.changes),
            )
            for step in steps
        ]
        self._append([Entry(intent=intent) for intent in intents])
        return intents

    def check(self) -> None:
        """Directly before a write leaves: renew the lease. Raises LeaseLost when another run has taken over."""
        self.lease = self._world.leases.renew(self.lease, self._world.clock.now(), LEASE_SECONDS)

    def halted(self, step: Step, policy: Policy) -> Outcome | None:
        """What becomes of a step where everything was stopped since the run began, or automation of the stage was
        suspended; None where it may be sent."""
        gate = stopped(Gating(stop=self._world.stop()))
        if gate is None and policy.automatic:
            gate = self._suspension(policy.stage)
        return outcome_of(step, "held", gate.message, retry=True) if gate is not None else None

    def _suspension(self, stage: str) -> Gate | None:
        """By the record, which is asked now and then."""
        now = self._world.clock.monotonic()
        if now - self._asked >= ASK:
            self._asked = now
            with suppress(TryLater):  # it is asked again, and where it is away nothing can be written down anyway
                decisions = self._world.standings.decisions()
                self._suspended = suspended(stage, decisions, self._world.clock.now())
        return self._suspended

    def begun(self, intent: Intent, operation: Operation) -> None:
        """The platform gave the operation a name: after a crash it is found by that.

        Names that come quickly are written together, at most a second late: an operation whose name was lost is found
        in the platform's list.
        """
        if operation.id:
            self._named.append(Entry(intent=replace(intent, operation=operation.id)))
        if self._world.clock.monotonic() - self._written >= NAMED_LATE:
            self.flush()

    def flush(self) -> None:
        """Write the names of operations that were not written yet."""
        self._append(())

    def close(self, closed: Sequence[tuple[Intent, Outcome, AppliedResource | None]]) -> None:
        """What became of steps, and what is applied now: one durable append.

        They are ours before it, since a stop right behind it ends the run with ours: none of them may be missing then.
        """
        told = [(intent, without_secrets(outcome, self._world.scrub), applied) for intent, outcome, applied in closed]
        entries = [
            entry
            for intent, outcome, applied in told
            for entry in (Entry(settled=(intent.id, outcome)), *([Entry(applied=applied)] if applied else []))
        ]
        self.outcomes.extend(outcome for _, outcome, _ in told)
        self._append(entries)

    def note(self, outcomes: Iterable[Outcome], entries: Iterable[Entry] = ()) -> None:
        """Outcomes of steps that were never sent."""
        self.outcomes.extend(without_secrets(outcome, self._world.scrub) for outcome in outcomes)
        listed = list(entries)
        if listed:
            self._append(listed)

    def finished(self, run: Run, entries: Iterable[Entry] = ()) -> None:
        """The run's end. A run that lost its lease says so and records nothing more."""
        try:
            self._append([*entries, Entry(run=run)])
        except LeaseLost:
            self._world.record.append([Entry(run=run)], None)


def outcome_of(step: Step, status: OutcomeStatus, message: str = "", *, retry: bool = False) -> Outcome:
    """The outcome of a step."""
    fields = tuple(change.field for change in step.changes)
    return Outcome(step.id, step.key, step.label, step.action, status, message, retry, fields)


def shown(value: Value) -> str:
    """A value in a sentence."""
    return ", ".join(value) if isinstance(value, tuple) else str(value)

"""How a stage stands after a look at it: its conditions, since when, and how long it has been Ready.

Pure. Source: Kubernetes API conventions (conditions), kstatus (Ready, Reconciling, Stalled). Not here: keeping it
(``record``), which gates are shut (``gates``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError, TryLater
from stagemail.model.condition import Condition, Truth
from stagemail.model.gate import Gate, GateKind
from stagemail.model.plan import Plan
from stagemail.model.run import Run
from stagemail.model.standing import Readiness, Standing
from stagemail.model.verdict import Verdict
from stagemail.planning.hazards import heals_only, renews_only
from stagemail.reconcile.gates import STOPPED, SUSPENDED

WHO: Final = "the platform's own audit trail tells who did it"
KEPT: Final = 20
"""Times of readiness that are kept; a soak looks at no more."""
APPROVAL: Final = "WaitingForApproval"
"""The reason of a stage that waits for a second person."""
GATES: Final = {
    "stopped": "Stopped",
    "suspended": "Suspended",
    "waiting": "DependencyNotReady",
    "soaking": "Soaking",
    "approval": APPROVAL,
    "canary": "CanarySoaking",
}
"""Kinds of gates with the reason that a condition gives for them."""


@dataclass(frozen=True, slots=True)
class Made:
    """The plan of a run, with the gates that were shut, and the contents that it was made from."""

    plan: Plan
    gates: Sequence[Gate]
    content: str


def after_run(old: Standing, run: Run, made: Made, now: datetime) -> Standing:
    """How the stage stands after a whole run."""
    is_ready, reason, message = _ready(run, made)
    stalled = _stalled(run, made.plan)
    going_on = run.status in ("partial", "failed") or reason in ("NotLive", *PASSING)
    ready = Condition("Ready", _truth(is_ready), reason, message, run.revision, now)
    reconciling = Condition("Reconciling", _truth(going_on), reason if going_on else "", "", run.revision, now)
    stall = Condition("Stalled", _truth(stalled[0]), *stalled, run.revision, now)
    time = Readiness(made.content, run.revision, now) if is_ready else None
    follows = is_ready or _took(run, made.plan)
    return replace(
        old,
        conditions=tuple(_lasting(old, each) for each in (ready, reconciling, stall)),
        revision=run.revision if follows else old.revision,
        content=made.content if follows else old.content,
        readiness=_times(old.readiness, time, now),
    )


def _took(run: Run, plan: Plan) -> bool:
    """Whether the run brought anything of its revision to the platform: a stage that waits at it follows another."""
    own = {s.id for s in plan.runnable if s.action != "activate" and not (renews_only(s) or heals_only(s))}
    return any(o.step in own and o.status not in ("held", "reported", "skipped") for o in run.outcomes)


def _truth(value: object) -> Truth:
    return "True" if value else "False"


PASSING: Final = frozenset({GATES["waiting"], GATES["soaking"], GATES["canary"], "OutsideWindow"})
"""Reasons for which a stage waits, and goes on by itself."""


def _ready(run: Run, made: Made) -> tuple[bool, str, str]:
    plan, gates = made.plan, made.gates
    found = {outcome.status: outcome for outcome in reversed(run.outcomes)}
    halted = _halted(run)
    for status in ("failed", "unknown", "skipped"):
        if status in found and not (status == "skipped" and halted):
            return False, "StepsFailed", f"{found[status].label}: {found[status].message}"
    waits = (gates[0].kind, plan.gated[0].gate) if plan.gated and gates else None
    waits = waits or halted
    if waits is not None:
        return False, GATES[waits[0]], waits[1]
    if "held" in found:
        reason = "OutsideWindow" if only_outside_window(plan) else "HeldByGuard"
        return False, reason, f"{found['held'].label}: {found['held'].message}"
    if "reported" in found:
        told = f"{found['reported'].label}: {found['reported'].message or 'left to a person'}"
        return (False, "Drifted", f"{told}; {WHO}") if _drifted(plan) else (False, "NotAutomated", told)
    if run.not_live:
        return False, "NotLive", f"not live in {', '.join(run.not_live)}"
    return True, "InSync", ""


def _halted(run: Run) -> tuple[GateKind, str] | None:
    """The gate that was shut while the run was under way, and what it said."""
    shut: tuple[tuple[GateKind, str], ...] = (("stopped", STOPPED), ("suspended", SUSPENDED))
    held = (outcome.message for outcome in run.outcomes if outcome.status == "held")
    return next(((kind, said) for said in held for kind, begin in shut if said.startswith(begin)), None)


def only_outside_window(plan: Plan) -> bool:
    """Whether what is held waits for nothing but a window: time alone ends that."""
    return {hazard.kind for step in plan.held for hazard in step.held} == {"outside-window"} and not plan.hazards


def _drifted(plan: Plan) -> bool:
    return any(change.case in ("drift", "overwritten") for step in plan.reported for change in step.changes)


def _stalled(run: Run, plan: Plan) -> tuple[str, str]:
    held = [*plan.hazards, *(h for step in plan.held for h in step.held if h.kind != "outside-window")]
    if held:
        return "HeldByGuard", held[0].message
    wrong = next((o for o in run.outcomes if o.status == "failed" and not o.retry), None)
    return ("StepsFailed", f"{wrong.label}: {wrong.message}") if wrong else ("", "")


def while_running(old: Standing, revision: str, now: datetime) -> Standing:
    """How the stage stands while a run writes: what a kill leaves behind."""
    others = tuple(condition for condition in old.conditions if condition.type != "Reconciling")
    running = _lasting(old, Condition("Reconciling", "True", "RunInProgress", "", revision, now))
    return replace(old, conditions=(*others[:1], running, *others[1:]))


def after_error(old: Standing, error: StagemailError, revision: str, now: datetime) -> Standing:
    """How the stage stands where something stopped the run before it wrote anything, or in the middle."""
    reason = type(error).__name__
    passing = isinstance(error, TryLater)
    ready = Condition("Ready", "Unknown" if passing else "False", reason, error.sentence, revision, now)
    reconciling = Condition("Reconciling", _truth(passing), reason if passing else "", "", revision, now)
    stalled = Condition("Stalled", _truth(not passing), "" if passing else reason, "", revision, now)
    conditions = tuple(_lasting(old, each) for each in (ready, reconciling, stalled))
    times = old.readiness if passing else _times(old.readiness, None, now)
    return replace(old, conditions=conditions, readiness=times)


def held_back(old: Standing, standing: Standing, verdict: Verdict, now: datetime) -> Standing:
    """The branch may not be followed: whatever the stage is like, it waits for a person."""
    said = f"{verdict.message}; {verdict.hint}" if verdict.hint else verdict.message
    others = tuple(condition for condition in standing.conditions if condition.type == "Reconciling")
    ready = _lasting(old, Condition("Ready", "False", verdict.reason, said, verdict.tip, now))
    stalled = _lasting(old, Condition("Stalled", "True", verdict.reason, said, verdict.tip, now))
    return replace(standing, conditions=(ready, *others, stalled))


def changed(old: Standing, new: Standing) -> tuple[Condition, ...]:
    """The conditions whose status or reason is another one than before."""
    before = {condition.type: (condition.status, condition.reason) for condition in old.conditions}
    default = ("False", "")
    return tuple(
        c
        for c in new.conditions
        if before.get(c.type, default if c.type != "Ready" else ("", "")) != (c.status, c.reason)
    )


def _lasting(old: Standing, new: Condition) -> Condition:
    """A condition; where its status is the one that it had, it has been so for as long as then."""
    before = next((condition for condition in old.conditions if condition.type == new.type), None)
    return replace(new, since=before.since) if before is not None and before.status == new.status else new


def _times(old: tuple[Readiness, ...], ready: Readiness | None, now: datetime) -> tuple[Readiness, ...]:
    """The times of readiness: the last one goes on, ends, or another one begins.

    One that began in the future, because the clock was set back, begins now: a soak must not last until then.
    """
    last = old[0] if old and old[0].until is None else None
    if last is not None and ready is not None and last.content == ready.content:
        return (replace(last, revision=ready.revision, since=min(last.since, now)), *old[1:])
    ended = (replace(last, until=now), *old[1:]) if last is not None else old
    return ((ready, *ended) if ready else ended)[:KEPT]

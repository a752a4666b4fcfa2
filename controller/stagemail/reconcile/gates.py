"""Which gates are shut for a stage now: windows, the global stop, suspensions, dependencies and their soak, approval,
canary. Each is a small function from facts to a gate or none.

Not here: what a gate holds (``planning.guard``), the revision to follow (``following``).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from stagemail.model.field import Value
from stagemail.model.gate import Gate, Gating
from stagemail.model.key import BINDING
from stagemail.model.plan import Plan
from stagemail.model.policy import Policy
from stagemail.model.secret import SecretState
from stagemail.model.standing import Canary, Decision, Readiness, Standing
from stagemail.model.step import Step
from stagemail.planning import hazards, windows

STOPPED: Final = "everything is stopped: "
SUSPENDED: Final = "suspended by "
"""How what a `stop` and what a suspension holds is told."""
StandingOf = Callable[[str], Standing]


def with_gates(
    policy: Policy, *, standing: StandingOf, decisions: Sequence[Decision], contents: Mapping[str, str], now: datetime
) -> Policy:
    """The policy with what is shut now. A stop holds everybody, the rest only runs that no person started.

    Windows are a hazard: they hold everybody until a waiver accepts it.
    """
    gating = policy.gating
    shut: list[Gate | None] = [stopped(gating)]
    if policy.automatic:
        shut += [suspended(policy.stage, decisions, now), waiting(gating, standing, contents, now)]
    return replace(
        policy,
        gates=tuple(gate for gate in shut if gate is not None),
        outside_window="" if windows.is_open(gating.sync_windows, now) else windows.text(gating.sync_windows),
        outside_heal_window="" if windows.is_open(gating.heal_windows, now) else windows.text(gating.heal_windows),
    )


def stopped(gating: Gating) -> Gate | None:
    """The operator file's `stop`."""
    return Gate("stopped", f"{STOPPED}{gating.stop} (`stop` in the operator file)") if gating.stop else None


def suspension_of(stage: str, decisions: Sequence[Decision], now: datetime) -> Decision | None:
    """The suspension that counts for a stage: its own, or one of all stages; the newest word of each counts."""
    newest = {d.stage: d for d in decisions if d.kind in ("suspend", "resume") and d.stage in ("", stage)}
    mine = [d for d in newest.values() if d.kind == "suspend" and (d.until is None or d.until > now)]
    return max(mine, key=lambda decision: decision.at, default=None)


def suspended(stage: str, decisions: Sequence[Decision], now: datetime) -> Gate | None:
    """A person said that automation shall rest."""
    found = suspension_of(stage, decisions, now)
    if found is None:
        return None
    until = f" until {found.until:%Y-%m-%d %H:%M} UTC" if found.until else ""
    why = f": {found.reason}" if found.reason else ""
    again = (found.until - now).total_seconds() if found.until else 0.0
    resume = f"stagemail resume {found.stage or '--all'}"
    return Gate("suspended", f"{SUSPENDED}{found.actor}{until}{why} (`{resume}` ends it)", again)


def waiting(gating: Gating, standing: StandingOf, contents: Mapping[str, str], now: datetime) -> Gate | None:
    """The first stage of `dependsOn` that was not Ready long enough with the documents of this revision."""
    for other in gating.depends_on:
        gate = _waits_for(other, standing(other), contents.get(other, ""), gating.soak, now)
        if gate is not None:
            return gate
    return None


def _waits_for(other: str, standing: Standing, content: str, soak: int, now: datetime) -> Gate | None:
    times = [time for time in standing.readiness if content in ("", time.content)]
    if not content:  # documents of another source: what it has now counts, as long as it is Ready
        times = [time for time in times if time.until is None]
    lasted = max((_seconds(time, now) for time in times), default=None)
    if lasted is None:
        return Gate("waiting", f"{other} is not Ready with these documents yet (`dependsOn`)")
    if lasted >= soak:
        return None
    is_going_on = any(time.until is None for time in times)
    left = soak - lasted if is_going_on else 0.0
    return Gate(
        "soaking", f"{other} was Ready with these documents for {_text(lasted)} of {_text(soak)} (`soak`)", left
    )


def _seconds(time: Readiness, now: datetime) -> float:
    """How long it lasted; not less than nothing, where the clock was set back since."""
    return max(0.0, ((time.until or now) - time.since).total_seconds())


def approval(plan: Plan, gating: Gating, decisions: Sequence[Decision], standing: Standing) -> Gate | None:
    """Nobody has approved exactly this plan yet. None where the plan has nothing that an approval is for.

    An approval is for once: one from before the stage was last made Ready is for what was done then.
    """
    steps = significant(plan)
    if gating.approval != "manual" or not steps:
        return None
    wanted = plan_fingerprint(plan)
    done = max((time.since for time in standing.readiness), default=None)
    mine = [d for d in decisions if d.kind == "approve" and d.stage == plan.stage and (done is None or d.at >= done)]
    if any(decision.plan == wanted for decision in mine):
        return None
    return Gate("approval", f"waits for `stagemail approve {plan.stage}` (plan {wanted[:12]})")


def canary(plan: Plan, policy: Policy, standing: Standing, content: str, now: datetime) -> Gate | None:
    """The apps that do not come first wait until those that do were live long enough with these documents."""
    gating = policy.gating
    due = sorted({(s.label, s.key.id) for s in significant(plan, activations=True) if s.key.kind == BINDING})
    if not gating.canary_apps or not due:
        return None
    begun = begun_canary(standing, content)
    first = begun.apps if begun else tuple(key for _, key in due[: gating.canary_apps])
    if begun is None and len(due) <= gating.canary_apps:
        return None
    if begun is None or any(key in first for _, key in due):
        names = ", ".join(label for label, key in due if key in first)
        return Gate("canary", f"comes after the canary {names}, {_text(gating.canary_soak)} later", 0.0, first)
    left = gating.canary_soak - (now - begun.since).total_seconds()
    if left <= 0:
        return None
    return Gate("canary", f"the canary soaks for another {_text(left)} of {_text(gating.canary_soak)}", left, first)


def begun_canary(standing: Standing, content: str) -> Canary | None:
    """The canary that counts for these contents: their own, or one that another commit found under way.

    What its apps run with is what the newer contents want of them: else they are due, and go first once more. Were
    each commit to begin a canary among the apps that are left, each would let one more of them through.
    """
    found = standing.canary
    if found is None or found.content == content:
        return found
    is_over = any(time.since > found.since for time in standing.readiness)
    return None if is_over else replace(found, content=content)


def significant(plan: Plan, *, activations: bool = False) -> tuple[Step, ...]:
    """The steps that a person or a canary should have a say in: no narrowing, no renewal, no healing."""
    return tuple(
        step
        for step in plan.runnable
        if (activations and step.action == "activate" and not step.if_pending)
        or (activations and step.if_pending and _changes_the_stage(plan))
        or step.action == "unmanage"
        or (step.action == "write" and _is_change(step))
    )


def _changes_the_stage(plan: Plan) -> bool:
    return any(s.action == "write" and s.key.kind != BINDING and _is_change(s) for s in plan.runnable)


def _is_change(step: Step) -> bool:
    return not (hazards.renews_only(step) or hazards.narrows(step) or hazards.heals_only(step))


def to_approve(plan: Plan) -> tuple[Step, ...]:
    """The steps that an approval is for, also those that wait for a window or at a gate: it may be given before."""
    return tuple(
        step
        for step in plan.steps
        if not (step.reported or step.blocked or {hazard.kind for hazard in step.held} - {"outside-window"})
        if step.action == "unmanage" or (step.action == "write" and _is_change(step))
    )


def plan_fingerprint(plan: Plan) -> str:
    """What an approval is for: every change of the plan, from what to what. Another change is another plan.

    What heals drift or renews a credential beside it is not in it: a person's plan and an automatic one, which may
    leave drift alone, are the same one.
    """
    beside = hazards.RENEWS | hazards.DRIFT
    steps = [
        [step.action, step.key.kind, step.key.id, change.field, _plain(change.before), _plain(change.after)]
        for step in to_approve(plan)
        for change in step.changes
        if change.case not in beside
    ]
    gone = [step.id for step in to_approve(plan) if step.action == "unmanage"]
    listed = sorted(json.dumps(step) for step in steps)
    return hashlib.sha256(json.dumps([plan.stage, plan.identity.key, listed, sorted(gone)]).encode()).hexdigest()


def _plain(value: Value) -> object:
    if isinstance(value, SecretState):
        return ["secret", value.ref, value.version, value.fingerprint]
    return list(value) if isinstance(value, tuple) else value if isinstance(value, str | int | bool) else repr(value)


def _text(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 60}m{whole % 60:02d}s" if whole >= 60 else f"{whole}s"

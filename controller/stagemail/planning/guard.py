"""Guards: small filters that hold a step with an unaccepted hazard, or leave it to a person as policy says.

Each takes steps and gives steps. Nothing outside this module decides whether a step may run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stagemail.model.field import Value
from stagemail.model.inventory import App
from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.plan import Note
from stagemail.model.policy import Policy
from stagemail.model.secret import SecretState
from stagemail.model.step import Hazard, Step
from stagemail.model.waiver import Waiver
from stagemail.planning import hazards

DRIFT = frozenset({"drift", "overwritten"})


def judge(
    steps: Iterable[Step],
    wanted: Mapping[Key, Mapping[str, Value]],
    policy: Policy,
    uncovered: Sequence[App],
    waivers: Sequence[Waiver],
) -> tuple[Step, ...]:
    """Name each write's hazards, hold what nobody accepted, leave to people what policy leaves to them."""
    named = (_named(step, wanted.get(step.key, {}), policy, uncovered) for step in steps)
    return tuple(_blocked(_left_to_people(_held(step, policy, waivers), policy)) for step in named)


def _named(step: Step, wanted: Mapping[str, Value], policy: Policy, uncovered: Sequence[App]) -> Step:
    found = hazards.of_step(step, wanted, policy, uncovered)
    return replace(step, hazards=tuple(sorted({*step.hazards, *found})))


def _held(step: Step, policy: Policy, waivers: Sequence[Waiver]) -> Step:
    accepted: set[str] = set()
    held: list[Hazard] = []
    for hazard in step.hazards:
        by = [waiver.name for waiver in waivers if accepts(waiver, hazard, step)]
        accepted.update(by)
        if not by and hazard.kind in policy.hold:
            held.append(hazard)
    return replace(step, held=tuple(held), waivers=tuple(sorted(accepted)))


def accepts(waiver: Waiver, hazard: Hazard, step: Step | None) -> bool:
    """Whether a waiver accepts this hazard of this step, or of the plan as a whole (step None)."""
    if waiver.allow != hazard.kind or waiver.to != hazard.to:
        return False
    if step is None or step.key.kind == CONFIGURATION:
        return not waiver.apps
    return any(selector.matches(step.label, step.key.id) for selector in waiver.apps)


def hold_all(steps: Iterable[Step], found: Iterable[Hazard]) -> tuple[Step, ...]:
    """Hold every step for hazards of the plan as a whole."""
    extra = tuple(found)
    if not extra:
        return tuple(steps)
    return tuple(
        replace(
            step,
            hazards=tuple(sorted({*step.hazards, *extra})),
            held=tuple(sorted({*step.held, *extra})),
        )
        for step in steps
    )


def unaccepted(found: Iterable[Hazard], policy: Policy, waivers: Sequence[Waiver]) -> tuple[Hazard, ...]:
    """The hazards of the plan as a whole that hold it."""
    return tuple(
        hazard
        for hazard in found
        if hazard.kind in policy.hold and not any(accepts(waiver, hazard, None) for waiver in waivers)
    )


def _left_to_people(step: Step, policy: Policy) -> Step:
    if not policy.automatic:
        return step
    if not policy.automated:
        return replace(step, reported=True, why=(*step.why, "sync.automated is false for this stage"))
    drifted = step.action == "write" and any(change.case in DRIFT for change in step.changes)
    only_drift = drifted and all(change.case in DRIFT or change.case == "together" for change in step.changes)
    if not only_drift or policy.self_heal == "all":
        return step
    if policy.self_heal == "recipients" and hazards.narrows(step):
        return step
    return replace(step, reported=True, why=(*step.why, f"drift; sync.selfHeal is {policy.self_heal}"))


def _blocked(step: Step) -> Step:
    unread = [c.after.ref for c in step.changes if isinstance(c.after, SecretState) and not c.after.fingerprint]
    if not unread:
        return step
    return replace(step, blocked=f"secret {', '.join(unread)} was not read")


def unused(waivers: Iterable[Waiver], steps: Iterable[Step], plan_wide: Iterable[Hazard]) -> Iterable[Note]:
    """Waivers that accept nothing in this plan: done with, or misspelt."""
    used = {name for step in steps for name in step.waivers}
    wide = tuple(plan_wide)
    for waiver in sorted(waivers, key=lambda w: w.name):
        if waiver.name not in used and not any(accepts(waiver, hazard, None) for hazard in wide):
            message = f"accepts {waiver.allow} to {waiver.to}; nothing in this plan needs it (done with? remove it)"
            yield Note("waiver-unused", waiver.name, message)

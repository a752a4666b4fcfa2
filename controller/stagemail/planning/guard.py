"""Guards: small filters that hold a step with an unaccepted hazard, or leave it to a person as policy says.

Each takes steps and gives steps. Nothing outside this module decides whether a step may run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.model.field import Value
from stagemail.model.gate import Gate
from stagemail.model.inventory import App
from stagemail.model.key import BINDING, Key
from stagemail.model.policy import Policy
from stagemail.model.secret import SecretState
from stagemail.model.step import Hazard, Step
from stagemail.planning import hazards, order
from stagemail.planning.reasons import why
from stagemail.planning.waiving import Waivers

LEFT_DRIFT: Final = "drift; "
"""How what becomes of drift begins that is left alone."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What steps of one stage are judged by. ``wanted``: what Git wants by key; ``uncovered``: unbound apps by key."""

    wanted: Mapping[Key, Mapping[str, Value]]
    policy: Policy
    uncovered: Mapping[str, App]
    waivers: Waivers


def judge(steps: Iterable[Step], rules: Rules) -> tuple[Step, ...]:
    """Name each step's hazards, hold what nobody accepted, leave to people what policy leaves to them."""
    held = (part for step in steps for part in _renewing(_held(_named(step, rules), rules), rules))
    return tuple(_gated(_blocked(_left_to_people(step, rules.policy)), rules.policy.gates) for step in held)


def _named(step: Step, rules: Rules) -> Step:
    found = hazards.of_step(step, rules.wanted.get(step.key, {}), rules.policy, rules.uncovered)
    return replace(step, hazards=tuple(sorted({*step.hazards, *found})))


def _held(step: Step, rules: Rules) -> Step:
    accepted: set[str] = set()
    held: list[Hazard] = []
    for hazard in step.hazards:
        by = rules.waivers.accepting(hazard, step)
        accepted |= by
        if not by and hazard.kind in rules.policy.hold:
            held.append(hazard)
    return replace(step, held=tuple(held), waivers=tuple(sorted(accepted)))


def _renewing(step: Step, rules: Rules) -> Iterable[Step]:
    """A rotated credential does not wait for what is held beside it: it goes alone, where it goes today."""
    return _parted(step, rules) if step.held else (step,)


def _parted(step: Step, rules: Rules) -> Iterable[Step]:
    """The part that only renews the credential, and the rest; the step itself where there are not both."""
    renewal = hazards.renewal_of(step)
    if not renewal:
        yield step
        return
    rest = tuple(change for change in step.changes if change not in renewal)
    for unit, changes in ((hazards.AUTHENTICATION, renewal), (step.unit, rest)):
        part = replace(step, unit=unit, changes=changes, why=why(changes, step.why[-1]), hazards=())
        yield _held(_named(part, rules), rules)


def hold_all(steps: Iterable[Step], wide: Iterable[Hazard], rules: Rules) -> tuple[Step, ...]:
    """Name the hazards of the plan as a whole on every step, and hold it for those that nobody accepted.

    A mass change does not hold a rotated credential: mail would stop for want of it. Nothing is safe where the stage
    may be another one.
    """
    found = tuple(wide)
    if not found:
        return tuple(steps)
    holding = unaccepted(found, rules)
    names = {name for hazard in found for name in rules.waivers.accepting(hazard, None)}
    if any(hazard.kind != "mass-change" for hazard in holding) or not holding:
        return tuple(_all_held(step, found, holding, names) for step in steps)
    parts = (part for step in steps for part in _parted(step, rules))
    return tuple(part if _renews(part) else _all_held(part, found, holding, names) for part in parts)


def _renews(step: Step) -> bool:
    """Whether it only renews the credential, or makes that live where nothing else is pending."""
    return hazards.renews_only(step) if step.action == "write" else step.action == "activate" and step.if_pending


def _all_held(step: Step, found: Iterable[Hazard], holding: Iterable[Hazard], waivers: Iterable[str]) -> Step:
    return replace(
        step,
        hazards=tuple(sorted({*step.hazards, *found})),
        held=tuple(sorted({*step.held, *holding})),
        waivers=tuple(sorted({*step.waivers, *waivers})),
    )


def unaccepted(wide: Iterable[Hazard], rules: Rules) -> tuple[Hazard, ...]:
    """The hazards of the plan as a whole that hold it."""
    return tuple(h for h in wide if h.kind in rules.policy.hold and not rules.waivers.accepting(h, None))


def _left_to_people(step: Step, policy: Policy) -> Step:
    """What ``sync`` says for runs that nobody watches. A unit that changed in Git is written as a whole, so drift
    beside such a change is undone with it: half a unit would send a credential to whatever somebody else set."""
    if not policy.automatic:
        return step
    if not policy.automated:
        drift = LEFT_DRIFT if hazards.heals_only(step) else ""
        return replace(step, reported=True, why=(*step.why, f"{drift}sync.automated is false for this stage"))
    if not hazards.heals_only(step):
        return step
    if policy.self_heal != "all" and not (policy.self_heal == "recipients" and hazards.narrows(step)):
        return replace(step, reported=True, why=(*step.why, f"{LEFT_DRIFT}sync.selfHeal is {policy.self_heal}"))
    if policy.drift_ages.get(step.id, 0.0) < policy.heal_after:
        return replace(step, reported=True, why=(*step.why, f"{LEFT_DRIFT}healed once it lasted {policy.heal_after} s"))
    return step


def _gated(step: Step, gates: Iterable[Gate]) -> Step:
    """Let a step wait at the first gate that is shut for it."""
    if step.held or step.reported:
        return step
    found = next((gate for gate in gates if _waits(step, gate)), None)
    return replace(step, gate=found.message) if found else step


def _waits(step: Step, gate: Gate) -> bool:
    """A stop and a suspension hold everything. The others hold neither narrowing, nor a renewed credential, nor what
    heals drift, nor what makes any of that live; a canary lets its own apps through, and the stage's settings."""
    if gate.kind in ("stopped", "suspended"):
        return True
    if step.action == "activate":
        return gate.kind == "canary" and step.phase != order.NARROW_LIVE and step.key.id not in gate.beside
    if step.action == "write" and (hazards.renews_only(step) or hazards.narrows(step) or hazards.heals_only(step)):
        return False
    return gate.kind != "canary" or (step.key.kind == BINDING and step.key.id not in gate.beside)


def _blocked(step: Step) -> Step:
    unread = [c.after.ref for c in step.changes if isinstance(c.after, SecretState) and not c.after.fingerprint]
    if step.blocked or not unread:
        return step
    return replace(step, blocked=f"secret {', '.join(unread)} was not read")


def used(steps: Iterable[Step], wide: Iterable[Hazard], rules: Rules) -> set[str]:
    """The names of the waivers that accept something in this plan."""
    names = {name for step in steps for name in step.waivers}
    return names.union(*(rules.waivers.accepting(hazard, None) for hazard in wide))

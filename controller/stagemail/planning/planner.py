"""The planner: from a situation to a plan, in the steps of the map: resolve, diff, order, guard.

Not here: reading anything. Everything it needs is in the ``Situation``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stagemail.errors import UserMustFix
from stagemail.model.inventory import STRICTNESS, Inventory
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.plan import Note, Plan
from stagemail.model.snapshot import AppliedResource, Capabilities, Desired, Resource
from stagemail.model.step import Hazard, Step
from stagemail.planning import guard, hazards, order
from stagemail.planning.activation import activations
from stagemail.planning.diff import Difference, compare
from stagemail.planning.fingerprint import observed_fingerprint
from stagemail.planning.resolve import Resolved, resolve
from stagemail.planning.situation import Situation

WORDS = {
    "create": "not set on the platform yet",
    "takeover": "set by somebody outside Git",
    "changed": "changed in Git",
    "drift": "changed outside Git",
    "rotated": "secret rotated in its store",
    "overwritten": "secret overwritten outside",
    "together": "sent together with the rest of its group",
}


def keys_to_observe(desired: Desired, inventory: Inventory, can: Capabilities, *, every_app: bool) -> tuple[Key, ...]:
    """The least that must be read: the stage, and the apps that a binding manages (or every app that can be bound)."""
    resolved = resolve(desired, inventory, can, {})
    keys = {resource.key for resource in resolved.resources}
    if every_app:
        keys |= {Key(desired.stage, BINDING, app.key) for app in inventory.apps if app.bindable}
    return tuple(sorted(keys))


def plan_stage(situation: Situation) -> tuple[Plan, Resolved]:
    """Plan one stage. Raises UserMustFix where the operator file calls the stage weaker than the platform does.

    Conflicts (two equal claims on one app) are in the second value; such a plan must not be applied.
    """
    s = situation
    _refuse_weaker_purpose(s)
    resolved = resolve(s.desired, s.inventory, s.capabilities, s.secrets)
    seen, known = s.observed.by_key(), s.applied.by_key()
    differences = {
        resource.key: compare(resource, seen.get(resource.key), known.get(resource.key), s.specs, s.same)
        for resource in resolved.resources
    }
    wanted = {resource.key: resource.fields for resource in resolved.resources}
    writes = guard.judge(
        _writes(resolved.resources, differences), wanted, s.policy, resolved.uncovered, s.desired.waivers
    )
    forgets = guard.judge(_forgets(s, resolved), wanted, s.policy, (), s.desired.waivers)
    wide = _plan_wide(s, (*writes, *forgets))
    holding = guard.unaccepted(wide, s.policy, s.desired.waivers)
    steps = order.merged(guard.hold_all((*writes, *forgets), holding))
    live = guard.judge(activations(s, wanted, steps), wanted, s.policy, (), s.desired.waivers)
    steps = order.in_order((*steps, *guard.hold_all(live, holding)))
    notes = sorted({*resolved.notes, *_notes(s, resolved, differences), *guard.unused(s.desired.waivers, steps, wide)})
    plan = Plan(
        stage=s.desired.stage,
        target=s.target,
        revision=s.revision,
        observed=observed_fingerprint(s.inventory, s.observed),
        identity=s.inventory.stage,
        steps=steps,
        notes=tuple(notes),
        adopt=() if holding else _adoptions(known, differences),
        hazards=holding,
        apps=sum(app.bindable for app in s.inventory.apps),
    )
    return plan, resolved


def _refuse_weaker_purpose(s: Situation) -> None:
    platform = s.inventory.stage.purpose
    if platform and STRICTNESS[s.policy.purpose] < STRICTNESS.get(platform, 0):
        raise UserMustFix(
            f"stage {s.desired.stage}: purpose is {s.policy.purpose} in the operator file, {platform} on the platform",
            hint=f"write `purpose: {platform}` for the stage; it may be stricter than the platform's, never weaker",
        )


def _writes(resources: Iterable[Resource], differences: Mapping[Key, Difference]) -> Iterable[Step]:
    for resource in resources:
        for unit, changes in differences[resource.key].changes.items():
            why = tuple(dict.fromkeys(WORDS[change.case] for change in changes if change.case != "together"))
            step = Step("write", resource.key, resource.label, unit, 0, changes, (*why, resource.reason))
            yield replace(step, phase=order.phase_of(step))


def _forgets(s: Situation, resolved: Resolved) -> Iterable[Step]:
    wanted = {resource.key for resource in resolved.resources}
    present = {app.key for app in s.inventory.apps}
    for resource in s.applied.resources:
        gone = resource.key.kind == BINDING and resource.key.id not in present
        if resource.key in wanted or gone:
            continue
        why = "no longer in Git: the platform keeps its values, stagemail forgets them"
        yield Step("unmanage", resource.key, resource.label, resource.key.kind, order.FORGET, why=(why,))


def _plan_wide(s: Situation, steps: Sequence[Step]) -> tuple[Hazard, ...]:
    names = {app.key: app.name for app in s.inventory.apps}
    return hazards.of_identity(s.applied, s.inventory.stage, names) + hazards.of_mass(steps, s.applied, s.policy)


def _adoptions(
    known: Mapping[Key, AppliedResource], differences: Mapping[Key, Difference]
) -> tuple[AppliedResource, ...]:
    found = []
    for key, difference in sorted(differences.items()):
        old = known.get(key)
        new = difference.adopted
        if old is None or dict(old.fields) != dict(new.fields) or old.label != new.label:
            found.append(new)
    return tuple(found)


def _notes(s: Situation, resolved: Resolved, differences: Mapping[Key, Difference]) -> Iterable[Note]:
    known = s.applied.by_key()
    for app in resolved.uncovered:
        message = "bound by nobody: stagemail does not manage where its mail goes"
        yield Note("uncovered", app.name, message)
    for resource in resolved.resources:
        difference = differences[resource.key]
        if resource.pattern and resource.key not in known:
            yield Note("newly-matched", resource.label, f"caught by {resource.reason} for the first time")
        for name in difference.unverified:
            message = "set on the platform, never written by us; `stagemail secrets push` would write it"
            yield Note("unverified", f"{resource.label} {name}", message)
        for name in difference.unread:
            yield Note(
                "credentials-not-read", f"{resource.label} {name}", "value not read: only its reference compared"
            )
        if not difference.changes and not difference.pending:
            yield Note("in-sync", resource.label, resource.reason)
    if s.desired.configuration is None and not any(r.key.kind == CONFIGURATION for r in s.applied.resources):
        yield Note(
            "stage-unmanaged", s.desired.stage, "no EmailConfiguration claims this stage; its settings are left alone"
        )

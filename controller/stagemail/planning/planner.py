"""The planner: from a situation to a plan, in the steps of the map: resolve, diff, order, guard.

Not here: reading anything. Everything it needs is in the ``Situation``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stagemail.errors import UserMustFix
from stagemail.model.field import Value
from stagemail.model.inventory import STRICTNESS, Inventory
from stagemail.model.key import BINDING, CONFIGURATION, KEY_ORDER, Key
from stagemail.model.plan import NOTE_ORDER, Note, Plan
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource, Desired, Resource
from stagemail.model.step import Step
from stagemail.planning import guard, hazards, order, retiring
from stagemail.planning.activation import activations, foreign_notes, pendings
from stagemail.planning.claims import Claims
from stagemail.planning.diff import Difference, compare
from stagemail.planning.evidence import told_by_apps
from stagemail.planning.fingerprint import observed_fingerprint
from stagemail.planning.plan_wide import plan_wide
from stagemail.planning.reasons import why
from stagemail.planning.resolve import Resolved, resolve
from stagemail.planning.situation import Situation
from stagemail.planning.waiving import Waivers


def keys_to_observe(desired: Desired, inventory: Inventory, *, every_app: bool) -> tuple[Key, ...]:
    """The least that must be read: the stage, and the apps that a binding manages (or every app that can be bound)."""
    claims = Claims(desired.bindings)
    keys = {Key(desired.stage, CONFIGURATION, inventory.stage.key)} if desired.configuration else set()
    bindable = (app for app in inventory.apps if app.bindable)
    keys |= {Key(desired.stage, BINDING, app.key) for app in bindable if every_app or claims.on(app)}
    keys |= {Key(desired.stage, BINDING, app.key) for app in inventory.ahead if claims.on(app)}
    return tuple(sorted(keys, key=KEY_ORDER))


def plan_stage(situation: Situation) -> tuple[Plan, Resolved]:
    """Plan one stage. Raises UserMustFix where the operator file calls the stage weaker than the platform does.

    Conflicts (two equal claims on one app) are in the second value; such a plan must not be applied.
    """
    s = replace(situation, observed=told_by_apps(situation.observed))
    _refuse_weaker_purpose(s)
    seen, known = s.observed.by_key(), s.applied.by_key()
    shown = tuple(app for app in s.inventory.ahead if Key(s.desired.stage, BINDING, app.key) in seen)
    s = replace(s, inventory=replace(s.inventory, ahead=shown))
    resolved = resolve(s.desired, s.inventory, s.capabilities, s.secrets)
    differences = {
        resource.key: compare(resource, seen.get(resource.key), known.get(resource.key), s.specs, s.same, push=s.push)
        for resource in resolved.resources
    }
    rules = guard.Rules(
        wanted={resource.key: resource.fields for resource in resolved.resources},
        policy=s.policy,
        uncovered={app.key: app for app in resolved.uncovered},
        waivers=Waivers(s.desired.waivers),
    )
    judged = guard.judge((*retiring.refused(_writes(s, resolved, differences), s), *_forgets(s, resolved)), rules)
    wide = plan_wide(s.applied, s.inventory, judged, s.policy)
    steps = order.merged(guard.hold_all(judged, wide, rules))
    pending = pendings(s, rules.wanted)
    live = guard.hold_all(guard.judge(activations(s, pending, steps), rules), wide, rules)
    steps = order.in_order((*steps, *live))
    holding = guard.unaccepted(wide, rules)
    notes = {
        *resolved.notes,
        *_notes(s, resolved, differences),
        *foreign_notes(s, pending, steps),
        *_read_only(s, steps),
        *retiring.notes(s),
        *rules.waivers.unused(guard.used(steps, wide, rules)),
    }
    plan = Plan(
        stage=s.desired.stage,
        target=s.target,
        revision=s.revision,
        observed=observed_fingerprint(s.inventory, s.observed),
        identity=s.inventory.stage,
        steps=steps,
        notes=tuple(sorted(notes, key=NOTE_ORDER)),
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


def _writes(s: Situation, resolved: Resolved, differences: Mapping[Key, Difference]) -> Iterable[Step]:
    seen = s.observed.by_key()
    for resource in resolved.resources:
        blocked = "" if resource.key in seen else "the platform did not show it, so nothing is written: plan again"
        for unit, changes in differences[resource.key].changes.items():
            reasons = why(changes, resource.reason)
            step = Step("write", resource.key, resource.label, unit, 0, changes, reasons, blocked=blocked)
            yield replace(step, phase=order.phase_of(step))


def _forgets(s: Situation, resolved: Resolved) -> Iterable[Step]:
    wanted = {resource.key for resource in resolved.resources}
    present = {app.key for app in (*s.inventory.apps, *s.inventory.ahead)}
    for resource in s.applied.resources:
        gone = resource.key.kind == BINDING and resource.key.id not in present
        if resource.key in wanted or gone:
            continue
        reason = "no longer in Git: the platform keeps its values, stagemail forgets them"
        yield Step("unmanage", resource.key, resource.label, resource.key.kind, order.FORGET, why=(reason,))


def _adoptions(
    known: Mapping[Key, AppliedResource], differences: Mapping[Key, Difference]
) -> tuple[AppliedResource, ...]:
    found = []
    for key in sorted(differences, key=KEY_ORDER):
        difference = differences[key]
        old = known.get(key)
        new = difference.adopted
        if old is None and difference.changes and not new.fields:
            continue
        if old is None or dict(old.fields) != dict(new.fields) or old.label != new.label:
            found.append(new)
    return tuple(found)


def _read_only(s: Situation, steps: Iterable[Step]) -> Iterable[Note]:
    if s.policy.read_only and any(step.runnable and not step.if_pending for step in steps):
        yield Note("read-only", f"target {s.target}", "apply refuses until the operator file says `readOnly: false`")


def _notes(s: Situation, resolved: Resolved, differences: Mapping[Key, Difference]) -> Iterable[Note]:
    known = s.applied.by_key()
    ahead = {Key(s.desired.stage, BINDING, app.key) for app in s.inventory.ahead}
    for resource in resolved.resources:
        early = hazards.before_first_deploy(resource.fields)
        if resource.key in ahead and early:
            yield Note("before-first-deploy", f"{s.desired.stage}/{resource.label}", early)
    for app in resolved.uncovered:
        yield Note("uncovered", app.name, "bound by nobody: stagemail does not manage where its mail goes")
    for resource in resolved.resources:
        difference = differences[resource.key]
        if resource.pattern and resource.key not in known:
            yield Note("newly-matched", resource.label, f"caught by {resource.reason} for the first time")
        yield from _field_notes(resource, difference, known.get(resource.key))
        changes = [change for group in difference.changes.values() for change in group]
        for hazard in hazards.standing(resource.label, resource.fields, s.policy, changes):
            yield Note("standing-hazard", hazard.kind, hazard.message)
        if not difference.changes and not difference.pending:
            new = resource.key not in known and bool(resource.fields)
            yield Note("adopted" if new else "in-sync", resource.label, resource.reason)
    if s.desired.configuration is None and not any(r.key.kind == CONFIGURATION for r in s.applied.resources):
        yield Note(
            "stage-unmanaged", s.desired.stage, "no EmailConfiguration claims this stage; its settings are left alone"
        )


def _unread(want: Value, was: AppliedField | None) -> str:
    """What can be told of a secret whose value was not read."""
    if was is None or not (isinstance(want, SecretState) and isinstance(was.value, SecretState)):
        return "reference not applied yet (value not read)"
    return f"reference {'unchanged' if was.value.ref == want.ref else 'changed'} (value not read)"


def _field_notes(resource: Resource, difference: Difference, known: AppliedResource | None) -> Iterable[Note]:
    label = resource.label
    for name in difference.unverified:
        message = "set on the platform, never written by us; `stagemail secrets push` would write it"
        yield Note("unverified", f"{label} {name}", message)
    for name in difference.unread:
        was = known.fields.get(name) if known is not None else None
        yield Note("credentials-not-read", f"{label} {name}", _unread(resource.fields[name], was))
    for name in difference.undated:
        message = (
            "the platform tells nothing of its last write, as far as the mapping says: an overwrite outside cannot be "
            "detected; `stagemail target discover --write` looks whether it tells by now"
        )
        yield Note("undetectable", f"{label} {name}", message)
    for name in difference.forgotten:
        message = "no longer in Git: the platform keeps its value, stagemail forgets it"
        yield Note("stage-unmanaged", f"{label} {name}", message)

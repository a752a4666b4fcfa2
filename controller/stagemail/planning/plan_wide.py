"""Hazards of a plan as a whole: they hold every step of it, narrowing too; a rotation only `identity-changed`.

Not here: hazards of one step (``hazards``).
"""

from collections.abc import Iterable, Mapping

from stagemail.model.inventory import Inventory, StageIdentity
from stagemail.model.key import BINDING
from stagemail.model.policy import Policy
from stagemail.model.snapshot import Applied
from stagemail.model.step import Change, Hazard, Step
from stagemail.planning.exact import exactly

NOT_A_CHANGE = frozenset({"create", "rotated", "unsettled", "unverified", "together"})
"""Of a resource that is applied already: what was never there, and what only renews a credential."""


def plan_wide(applied: Applied, inventory: Inventory, steps: Iterable[Step], policy: Policy) -> tuple[Hazard, ...]:
    """All of them, sorted."""
    names = {app.key: app.name for app in inventory.apps}
    found = (*_stage(applied.identity, inventory.stage), *_apps(applied, names), *_mass(steps, applied, policy))
    return tuple(sorted(set(found)))


def _stage(was: StageIdentity | None, now: StageIdentity) -> Iterable[Hazard]:
    """The operator file's stage has another key, or its key another name or purpose."""
    if was is None:
        return
    if was.key != now.key:
        yield _changed(now.key, f"stage {was.name} had key {was.key} and has {now.key} now")
    elif was.name != now.name:
        yield _changed(now.name, f"key {now.key} was stage {was.name} and is {now.name} now")
    if was.purpose != now.purpose:
        told = now.purpose or "none"
        yield _changed(told, f"the platform's purpose was {was.purpose or 'none'} and is {told} now")


def _apps(applied: Applied, names: Mapping[str, str]) -> Iterable[Hazard]:
    for resource in applied.resources:
        name = names.get(resource.key.id)
        if resource.key.kind == BINDING and name is not None and name != resource.label:
            yield _changed(name, f"key {resource.key.id} was app {resource.label} and is {name} now")


def _changed(to: str, message: str) -> Hazard:
    return Hazard("identity-changed", exactly(to), message)


def _mass(steps: Iterable[Step], applied: Applied, policy: Policy) -> Iterable[Hazard]:
    """The plan would change so much of what is applied that it is more likely a mistake.

    Steps that do not run anyway are not counted: what is held for another reason must not stop a rotation.
    """
    settled = {resource.key for resource in applied.resources}
    touched = {step.key for step in steps if step.key in settled and _counts(step)}
    if len(touched) > policy.mass_absolute and len(touched) > policy.mass_relative * len(settled):
        to = f"{len(touched)} of {len(settled)}"
        yield Hazard("mass-change", to, f"would change {to} resources at once")


def _counts(step: Step) -> bool:
    if step.action == "activate" or step.held or step.reported:
        return False
    return step.action == "unmanage" or any(_is_changed(change) for change in step.changes)


def _is_changed(change: Change) -> bool:
    return change.case not in NOT_A_CHANGE

"""Turns names and patterns into the platform's keys: which app is bound by which binding, and which is not.

Exact names beat patterns; two equal claims on one app are a conflict. Not here: comparing values (``diff``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stagemail.model.field import Value
from stagemail.model.inventory import App, Inventory
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.location import Place
from stagemail.model.plan import Note
from stagemail.model.secret import SecretRef, SecretState
from stagemail.model.selector import Selector
from stagemail.model.snapshot import Binding, Capabilities, Configuration, Desired, Resource


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two equal claims on one app."""

    app: str
    places: tuple[Place, Place]
    message: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """Desired state by the platform's keys. ``uncovered``: deployed, bindable, and claimed by no binding."""

    resources: tuple[Resource, ...]
    uncovered: tuple[App, ...]
    notes: tuple[Note, ...]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    binding: Binding
    selector: Selector
    index: int

    @property
    def place(self) -> Place:
        return self.binding.place.child("spec", "apps", self.index)


def resolve(
    desired: Desired, inventory: Inventory, can: Capabilities, secrets: Mapping[SecretRef, SecretState]
) -> Resolved:
    """Give every desired resource its key, and name what has none yet."""
    claims = [
        _Claim(binding, selector, index)
        for binding in sorted(desired.bindings, key=lambda b: b.name)
        for index, selector in enumerate(binding.apps)
    ]
    resources = [_configuration(desired, inventory, can, secrets)] if desired.configuration else []
    conflicts: list[Conflict] = []
    uncovered: list[App] = []
    for app in sorted(inventory.apps):
        matching = [claim for claim in claims if _claims(claim, app)]
        if not app.bindable:
            continue
        if not matching:
            uncovered.append(app)
            continue
        best = _best(matching)
        if len({claim.binding.name for claim in best}) > 1:
            conflicts.append(_conflict(app, best))
        resources.append(_bound(desired, app, best[0], can, secrets))
    return Resolved(
        tuple(sorted(resources, key=lambda resource: resource.key)),
        tuple(uncovered),
        tuple(sorted((*_waiting(claims, inventory.apps), *_limits(desired, can)))),
        tuple(conflicts),
    )


def _claims(claim: _Claim, app: App) -> bool:
    if any(selector.matches(app.name, app.key) for selector in claim.binding.excluded):
        return False
    return claim.selector.matches(app.name, app.key)


def _best(matching: list[_Claim]) -> list[_Claim]:
    exact = [claim for claim in matching if not claim.selector.is_pattern]
    return exact or matching


def _conflict(app: App, best: list[_Claim]) -> Conflict:
    one, other = best[0], next(claim for claim in best if claim.binding.name != best[0].binding.name)
    kind = "pattern" if one.selector.is_pattern else "name"
    return Conflict(
        app.name,
        (one.place, other.place),
        f"app {app.name} is bound twice by {kind}: by {one.binding.name} ({one.selector.text}) and by "
        f"{other.binding.name} ({other.selector.text}); name it exactly in one of them, or except it in the other",
    )


def _configuration(
    desired: Desired, inventory: Inventory, can: Capabilities, secrets: Mapping[SecretRef, SecretState]
) -> Resource:
    configuration = desired.configuration
    assert configuration is not None  # noqa: S101 - the caller looked
    fields = _settable(CONFIGURATION, configuration.fields, can, secrets)
    key = Key(desired.stage, CONFIGURATION, inventory.stage.key)
    return Resource(key, desired.stage, fields, configuration.place, f"configuration {configuration.name}")


def _bound(
    desired: Desired, app: App, claim: _Claim, can: Capabilities, secrets: Mapping[SecretRef, SecretState]
) -> Resource:
    own = claim.binding.fields
    inherited = desired.configuration.fields if desired.configuration else {}
    fields = _settable(BINDING, own or inherited, can, secrets)
    how = f"pattern {claim.selector.text}" if claim.selector.is_pattern else "by name"
    pattern = claim.selector.text if claim.selector.is_pattern else ""
    key = Key(desired.stage, BINDING, app.key)
    return Resource(key, app.name, fields, claim.place, f"binding {claim.binding.name}, {how}", pattern)


def _settable(
    kind: str, fields: Mapping[str, Value], can: Capabilities, secrets: Mapping[SecretRef, SecretState]
) -> Mapping[str, Value]:
    settable = {name: value for name, value in fields.items() if can.of(kind, name) == "sets"}
    return {
        name: secrets.get(value, SecretState(str(value))) if isinstance(value, SecretRef) else value
        for name, value in sorted(settable.items())
    }


def _waiting(claims: Iterable[_Claim], apps: tuple[App, ...]) -> Iterable[Note]:
    for claim in claims:
        matched = [app for app in apps if claim.selector.matches(app.name, app.key)]
        if not matched:
            what = "no deployed app matches" if claim.selector.is_pattern else "not deployed here yet"
            yield Note("waiting", claim.selector.text, f"{what}; bound by {claim.binding.name} as soon as it is")
        elif not claim.selector.is_pattern and not matched[0].bindable:
            kind = matched[0].type or "an asset without mail settings"
            yield Note("not-bindable", claim.selector.text, f"is {kind}; only web and mobile apps have recipients")


def _limits(desired: Desired, can: Capabilities) -> Iterable[Note]:
    asked = _asked_for(desired.configuration, desired.bindings)
    for name in sorted(asked):
        support = {can.of(kind, name) for kind in (CONFIGURATION, BINDING)}
        if "sets" in support:
            continue
        reason = can.reasons.get(name, "the platform has no such setting")
        if "verifies" in support:
            yield Note("verified-only", name, reason)
        else:
            yield Note("unsupported", name, reason)


def _asked_for(configuration: Configuration | None, bindings: tuple[Binding, ...]) -> set[str]:
    names = set(configuration.fields) if configuration else set()
    return names.union(*(binding.fields for binding in bindings))

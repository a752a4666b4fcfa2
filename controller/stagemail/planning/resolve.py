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


class _Claims:
    """All claims of a stage, exact ones by their text, so that ten thousand apps cost ten thousand look-ups."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self.all = [
            _Claim(binding, selector, index)
            for binding in sorted(bindings, key=lambda b: b.name)
            for index, selector in enumerate(binding.apps)
        ]
        self._patterns = [claim for claim in self.all if claim.selector.is_pattern]
        self._exact: dict[str, list[_Claim]] = {}
        for claim in self.all:
            if not claim.selector.is_pattern:
                self._exact.setdefault(claim.selector.text, []).append(claim)

    def on(self, app: App) -> list[_Claim]:
        """The claims that count for this app: the exact ones, else the patterns."""
        exact = [*self._exact.get(app.name, ()), *self._exact.get(app.key, ())]
        return [c for c in exact if not _excluded(c, app)] or [
            c for c in self._patterns if c.selector.matches(app.name, app.key) and not _excluded(c, app)
        ]


def resolve(
    desired: Desired, inventory: Inventory, can: Capabilities, secrets: Mapping[SecretRef, SecretState]
) -> Resolved:
    """Give every desired resource its key, and name what has none yet."""
    claims = _Claims(desired.bindings)
    resources = [_configuration(desired, inventory, can, secrets)] if desired.configuration else []
    conflicts: list[Conflict] = []
    uncovered: list[App] = []
    for app in sorted(inventory.apps):
        if not app.bindable:
            continue
        best = claims.on(app)
        if not best:
            uncovered.append(app)
            continue
        if len({claim.binding.name for claim in best}) > 1:
            conflicts.append(_conflict(app, best))
        resources.append(_bound(desired, app, best[0], can, secrets))
    return Resolved(
        tuple(sorted(resources, key=lambda resource: resource.key)),
        tuple(uncovered),
        tuple(sorted((*_waiting(claims.all, inventory.apps), *_limits(desired, can)))),
        tuple(conflicts),
    )


def _excluded(claim: _Claim, app: App) -> bool:
    return any(selector.matches(app.name, app.key) for selector in claim.binding.excluded)


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
    by_text = {text: app for app in apps for text in (app.key, app.name)}
    for claim in claims:
        text = claim.selector.text
        if claim.selector.is_pattern:
            if not any(claim.selector.matches(app.name, app.key) for app in apps):
                yield Note("waiting", text, f"no deployed app matches; bound by {claim.binding.name} once one does")
        elif text not in by_text:
            yield Note("waiting", text, f"not deployed here yet; bound by {claim.binding.name} as soon as it is")
        elif not by_text[text].bindable:
            kind = by_text[text].type or "an asset without mail settings"
            yield Note("not-bindable", text, f"is {kind}; only web and mobile apps have recipients")


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

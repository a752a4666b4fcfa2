"""Turns names and patterns into the platform's keys: which app is bound by which binding, and which is not.

Exact names beat patterns; two equal claims on one app are a conflict. Not here: comparing values (``diff``).
"""

from collections.abc import Container, Iterable, Mapping
from operator import attrgetter
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.model.field import Value
from stagemail.model.inventory import App, Inventory
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.location import Place
from stagemail.model.plan import Note
from stagemail.model.secret import SecretRef, SecretState
from stagemail.model.selector import Selector
from stagemail.model.snapshot import Capabilities, Desired, Resource
from stagemail.planning import hazards
from stagemail.planning.claims import Claim, Claims

_ORDER: Final = attrgetter("key.stage", "key.kind", "key.id")


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


def resolve(
    desired: Desired, inventory: Inventory, can: Capabilities, secrets: Mapping[SecretRef, SecretState]
) -> Resolved:
    """Give every desired resource its key, and name what has none yet."""
    claims = Claims(desired.bindings)
    resources = [_configuration(desired, inventory, can, secrets)] if desired.configuration else []
    conflicts: list[Conflict] = []
    uncovered: list[App] = []
    catching: set[Selector] = set()
    early = {app.key for app in inventory.ahead}
    for app in sorted(app for app in (*inventory.apps, *inventory.ahead) if app.bindable):
        catching.update(claim.selector for claim in claims.patterns_on(app))
        best = claims.on(app)
        if not best:
            uncovered += [] if app.key in early else [app]
            continue
        if best[0].owner != best[-1].owner:
            conflicts.append(_conflict(app, best[0], best[-1]))
        resources.append(_bound(desired, app, best[0], can, secrets))
    known = (*inventory.apps, *inventory.ahead)
    return Resolved(
        tuple(sorted(resources, key=_ORDER)),
        tuple(uncovered),
        tuple(sorted({*_waiting(claims.all, known, catching, desired), *_limits(desired, can)})),
        tuple(conflicts),
    )


def _conflict(app: App, one: Claim, other: Claim) -> Conflict:
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
    desired: Desired, app: App, claim: Claim, can: Capabilities, secrets: Mapping[SecretRef, SecretState]
) -> Resource:
    own = claim.binding.fields
    inherited = desired.configuration.fields if desired.configuration else {}
    fields = _settable(BINDING, own or inherited, can, secrets)
    pattern = claim.selector.text if claim.selector.is_pattern else ""
    key = Key(desired.stage, BINDING, app.key)
    return Resource(key, app.name, fields, claim.place, claim.how, pattern)


def _settable(
    kind: str, fields: Mapping[str, Value], can: Capabilities, secrets: Mapping[SecretRef, SecretState]
) -> Mapping[str, Value]:
    settable = {name: value for name, value in fields.items() if can.of(kind, name) == "sets"}
    return {
        name: secrets.get(value, SecretState(str(value))) if isinstance(value, SecretRef) else value
        for name, value in sorted(settable.items())
    }


def _waiting(
    claims: Iterable[Claim], apps: tuple[App, ...], catching: Container[Selector], desired: Desired
) -> Iterable[Note]:
    inherited = desired.configuration.fields if desired.configuration else {}
    bindable = {text for app in apps if app.bindable for text in (app.key, app.name)}
    others = {text: app for app in sorted(apps) if not app.bindable for text in (app.key, app.name)}
    for claim in claims:
        text, by = claim.selector.text, claim.binding.name
        meanwhile = hazards.before_first_run(claim.binding.fields or inherited)
        if claim.selector.is_pattern:
            if claim.selector not in catching:
                yield Note("waiting", text, f"no deployed app matches; bound by {by} once one does")
        elif text in others and text not in bindable:
            kind = others[text].type or "an asset without mail settings"
            yield Note("not-bindable", text, f"is {kind}; only web and mobile apps have recipients")
        elif text not in bindable:
            yield Note("waiting", text, f"not deployed here yet; bound by {by} in the run after it is{meanwhile}")


def _limits(desired: Desired, can: Capabilities) -> Iterable[Note]:
    """What Git asks for and the target does not set: a configuration's field may be set in the stage or in its apps,
    a binding's own only in the app."""
    own = {name: (BINDING,) for binding in desired.bindings for name in binding.fields}
    shared = desired.configuration.fields if desired.configuration else ()
    for name, kinds in {**dict.fromkeys(shared, (CONFIGURATION, BINDING)), **own}.items():
        support = {can.of(kind, name) for kind in kinds}
        if "sets" in support:
            continue
        reason = can.reasons.get(name, "the platform has no such setting")
        yield Note("verified-only" if "verifies" in support else "unsupported", name, reason)

"""What differs between two stages, from Git alone or as it runs on the platform, and what of it is meant to differ.

Reads only. Not here: rendering (``report.compare``), the reason for one value (``explain``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.inventory import App
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.meant import BOUND_FIELD, DEPLOYED_FIELD, Declared
from stagemail.model.snapshot import Desired, ObservedResource
from stagemail.planning.claims import Claims
from stagemail.ports import Target
from stagemail.report.compare import Comparison, Difference

Same = Callable[[str, Value, Value], bool]
DECLARED: Final = Declared()
"""What an operator file without `compare` declares: nothing."""


@dataclass(frozen=True, slots=True)
class Side:
    """One stage: its settings, and the recipients of its apps by name (None: bound by nobody, or not deployed)."""

    stage: str
    purpose: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    apps: Mapping[str, Mapping[str, Value] | None] = field(default_factory=dict)
    patterns: frozenset[str] = frozenset()
    is_live: bool = False


def compared(one: Side, other: Side, revision: str, same: Same, declared: Declared = DECLARED) -> Comparison:
    """Both sides, field by field; sorted by people's order of the fields, then by app."""
    beside_production = (one.purpose == "production") != (other.purpose == "production")

    def meant(name: str) -> str:
        return declared.why(name, beside_production=beside_production)

    subjects: list[tuple[str, Mapping[str, Value] | None, Mapping[str, Value] | None]] = [
        ("", one.settings, other.settings)
    ]
    subjects += [(app, one.apps.get(app), other.apps.get(app)) for app in sorted({*one.apps, *other.apps})]
    found: list[Difference] = []
    equal = 0
    for subject, left, right in subjects:
        if left is None or right is None:
            found += _presence(subject, left, right, meant, one.is_live)
            continue
        for name in sorted({*left, *right}, key=email.SPECS.order):
            if same(name, left.get(name), right.get(name)):
                equal += 1
            else:
                found.append(Difference(subject, name, left.get(name), right.get(name), meant(name)))
    for pattern in sorted(one.patterns ^ other.patterns):
        there = pattern in one.patterns
        found.append(Difference(pattern, BOUND_FIELD, there, not there, meant(BOUND_FIELD)))
    return Comparison(one.stage, other.stage, revision, equal, tuple(found))


def _presence(
    app: str,
    left: Mapping[str, Value] | None,
    right: Mapping[str, Value] | None,
    meant: Callable[[str], str],
    is_live: bool,
) -> Iterable[Difference]:
    if (left is None) != (right is None):
        name = DEPLOYED_FIELD if is_live else BOUND_FIELD
        yield Difference(app, name, left is not None, right is not None, meant(name))


def side_in_git(desired: Desired, purpose: str, names: Iterable[str]) -> Side:
    """One stage as Git wants it. ``names``: the apps to look at, so that a pattern of one stage meets the exact name
    of the other."""
    claims = Claims(desired.bindings)
    settings = desired.configuration.fields if desired.configuration else {}
    apps: dict[str, Mapping[str, Value] | None] = {}
    for name in names:
        best = claims.on(App(name, name))
        recipients = {n: v for n, v in settings.items() if email.SPECS[n].unit == email.RECIPIENTS}
        apps[name] = (best[0].binding.fields or recipients) if best else None
    patterns = frozenset(claim.selector.text for claim in claims.all if claim.selector.is_pattern)
    return Side(desired.stage, purpose, dict(settings), apps, patterns)


def names_in_git(*stages: Desired) -> tuple[str, ...]:
    """Every app that a binding names exactly."""
    selectors = (selector for desired in stages for binding in desired.bindings for selector in binding.apps)
    return tuple(sorted({selector.text for selector in selectors if not selector.is_pattern}))


def side_on_platform(target: Target, stage: str, purpose: str) -> Side:
    """One stage as it runs. Of a secret no more than whether one is set."""
    inventory = target.inventory(stage)
    own = Key(stage, CONFIGURATION, inventory.stage.key)
    bindable = {Key(stage, BINDING, app.key): app.name for app in inventory.apps if app.bindable}
    seen = target.observe(stage, (own, *bindable)).by_key()
    settings = {name: found.value for name, found in seen[own].fields.items()} if own in seen else {}
    apps = {bindable[key]: _recipients(found) for key, found in seen.items() if key in bindable}
    return Side(stage, purpose, settings, dict(apps), is_live=True)


def _recipients(seen: ObservedResource) -> Mapping[str, Value]:
    fields = {n: f.live for n, f in seen.fields.items() if email.SPECS[n].unit == email.RECIPIENTS}
    if fields.get(email.RECIPIENTS_MODE) == email.SET_IN_APP:
        fields.pop(email.TEST_LIST, None)  # kept on the platform, and nobody reads it
    return fields

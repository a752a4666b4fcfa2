"""The three-way table, field by field: desired (D), observed (O), applied (A) → a change, an adoption, or nothing.

Not here: which changes are dangerous (``hazards``), when they happen (``order``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stagemail.model.field import FieldSpec, Specs, Value
from stagemail.model.secret import Masked, SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource, ObservedField, ObservedResource, Resource
from stagemail.model.step import Case, Change

Same = Callable[[str, Value, Value], bool]

UNSET = ObservedField(value=None, live=None, is_default=True)
EMPTY: tuple[Value, ...] = (None, "", ())


@dataclass(frozen=True, slots=True)
class Difference:
    """What one resource needs: changes by unit, the record it has after adoption, and secrets nobody verified."""

    changes: Mapping[str, tuple[Change, ...]]
    adopted: AppliedResource
    pending: tuple[str, ...] = ()
    """Fields that are as Git wants and not live yet."""
    unverified: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Secret fields whose value was not read, so that only the reference could be compared."""


def compare(
    resource: Resource, observed: ObservedResource | None, applied: AppliedResource | None, specs: Specs, same: Same
) -> Difference:
    """Compare one resource on its three sides."""
    seen = observed.fields if observed else {}
    known = applied.fields if applied else {}
    cases = {
        name: _case(specs[name], value, seen.get(name, UNSET), known.get(name), same)
        for name, value in resource.fields.items()
    }
    by_unit: dict[str, list[Change]] = {}
    for name in _sent(cases, specs):
        change = Change(name, seen.get(name, UNSET).value, resource.fields[name], cases[name] or "together")
        by_unit.setdefault(specs[name].unit, []).append(change)
    sent = {change.field for changes in by_unit.values() for change in changes}
    return Difference(
        {unit: tuple(sorted(changes, key=lambda c: specs.order(c.field))) for unit, changes in sorted(by_unit.items())},
        _adopted(resource, seen, known, sent),
        tuple(name for name in cases if name not in sent and seen.get(name, UNSET).pending),
        tuple(name for name in cases if name not in sent and _is_unverified(specs[name], known.get(name))),
        tuple(name for name, value in resource.fields.items() if _is_unread(value)),
    )


def _sent(cases: Mapping[str, Case | None], specs: Specs) -> list[str]:
    """The fields to send: the ones that changed, and the ones that are only ever sent together with them."""
    changed = {name for name, case in cases.items() if case}
    along = {member for name in changed for member in specs.together(name)}
    return sorted(name for name in cases if name in along)


def _case(spec: FieldSpec, want: Value, seen: ObservedField, known: AppliedField | None, same: Same) -> Case | None:
    if spec.secret and isinstance(want, SecretState):
        return _secret_case(want, seen, known)
    if same(spec.name, want, seen.value):
        return None
    if known is None:
        return "create" if seen.is_default or seen.value in EMPTY else "takeover"
    if same(spec.name, known.value, seen.value):
        return "changed"
    return "drift" if same(spec.name, known.value, want) else "takeover"


def _secret_case(want: SecretState, seen: ObservedField, known: AppliedField | None) -> Case | None:
    if known is None or not isinstance(known.value, SecretState):
        absent = seen.is_default or (isinstance(seen.value, Masked) and seen.value.present is False)
        return "create" if absent else None
    if _is_unread(want):
        return None if known.value.ref == want.ref else "changed"
    if not known.value.same(want):
        return "rotated" if known.value.ref == want.ref else "changed"
    moved = bool(known.evidence and seen.evidence) and known.evidence != seen.evidence
    gone = isinstance(seen.value, Masked) and seen.value.present is False
    return "overwritten" if known.verified and (moved or gone) else None


def _is_unread(value: Value) -> bool:
    return isinstance(value, SecretState) and not value.fingerprint


def _is_unverified(spec: FieldSpec, known: AppliedField | None) -> bool:
    return spec.secret and (known is None or not known.verified)


def _adopted(
    resource: Resource, seen: Mapping[str, ObservedField], known: Mapping[str, AppliedField], sent: set[str]
) -> AppliedResource:
    """The record of what is as Git wants it now; fields that are to be sent keep their old record until then."""
    fields: dict[str, AppliedField] = {}
    for name, want in resource.fields.items():
        old = known.get(name)
        if name in sent or _is_unread(want):
            if old is not None:
                fields[name] = old
        elif isinstance(want, SecretState):
            fields[name] = _adopted_secret(want, seen.get(name, UNSET), old)
        else:
            fields[name] = AppliedField(want)
    return AppliedResource(resource.key, resource.label, fields)


def _adopted_secret(want: SecretState, seen: ObservedField, old: AppliedField | None) -> AppliedField:
    if old is not None:
        return AppliedField(want, old.evidence or seen.evidence, old.verified)
    return AppliedField(want, seen.evidence, verified=False)

"""The three-way table, field by field: desired (D), observed (O), applied (A) → a change, an adoption, or nothing.

Not here: which changes are dangerous (``hazards``), when they happen (``order``).
"""

from collections.abc import Callable, Mapping

from stagemail.dataclass import dataclass
from stagemail.model.field import FieldSpec, Specs, Value
from stagemail.model.secret import Masked, SecretState
from stagemail.model.snapshot import (
    SET_AFTER_DEPLOY,
    AppliedField,
    AppliedResource,
    ObservedField,
    ObservedResource,
    Resource,
)
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
    undated: tuple[str, ...] = ()
    """Secret fields that are set, and of which the platform tells nothing by which an overwrite could be seen."""
    forgotten: tuple[str, ...] = ()
    """Fields that Git gave up: the platform keeps them, the record does not."""


def compare(
    resource: Resource,
    observed: ObservedResource | None,
    applied: AppliedResource | None,
    specs: Specs,
    same: Same,
    *,
    push: bool = False,
) -> Difference:
    """Compare one resource on its three sides. ``push``: a person asked to send every secret that could be read."""
    seen = observed.fields if observed else {}
    known = applied.fields if applied else {}
    cases = {
        name: _case(specs[name], value, seen.get(name, UNSET), known.get(name), same)
        for name, value in resource.fields.items()
    }
    if not push and observed is not None and _is_quiet(resource, seen, known, cases, specs):
        return Difference({}, _adopted(resource, seen, known, set()))
    if push:
        cases |= {n: cases[n] or "unverified" for n, v in resource.fields.items() if _is_pushable(v)}
    sent = _sent(cases, specs)
    by_unit: dict[str, list[Change]] = {}
    for name in sorted(sent, key=specs.order):
        there = seen.get(name, UNSET)
        case = cases[name] or "together"
        before = _before(specs[name], there, known.get(name), case)
        since = there.at if case == "overwritten" else ""
        by_unit.setdefault(specs[name].unit, []).append(Change(name, before, resource.fields[name], case, since))
    kept = _left_behind(resource, known, sent, specs)
    return Difference(
        {unit: tuple(changes) for unit, changes in sorted(by_unit.items())},
        _adopted(resource, seen, known, sent | kept),
        tuple(name for name in cases if name not in sent and seen.get(name, UNSET).pending),
        tuple(name for name in cases if name not in sent and _is_unverified(specs[name], known.get(name))),
        tuple(name for name, value in resource.fields.items() if _is_unread(value)),
        tuple(name for name in cases if specs[name].secret and name not in sent and _tells_nothing(seen.get(name))),
        tuple(sorted(known.keys() - resource.fields.keys() - kept)),
    )


def _is_quiet(
    resource: Resource,
    seen: Mapping[str, ObservedField],
    known: Mapping[str, AppliedField],
    cases: Mapping[str, Case | None],
    specs: Specs,
) -> bool:
    """Whether nothing is to be said of it: as nearly every resource is, it is as Git wants and holds no secret."""
    same = known.keys() <= resource.fields.keys() and not any(cases.values())
    return same and not any(specs[name].secret or seen.get(name, UNSET).pending for name in cases)


def _sent(cases: Mapping[str, Case | None], specs: Specs) -> set[str]:
    """The fields to send: the ones that changed, and the ones that are only ever sent together with them."""
    changed = {name for name, case in cases.items() if case}
    along = {member for name in changed for member in specs.together(name)}
    return along & cases.keys()


def _left_behind(resource: Resource, known: Mapping[str, AppliedField], sent: set[str], specs: Specs) -> set[str]:
    """Fields that Git gave up and whose group is still to be sent: until then the group is what it was."""
    gone = known.keys() - resource.fields.keys()
    return {name for name in gone if name in specs and not sent.isdisjoint(specs.together(name))}


def _before(spec: FieldSpec, seen: ObservedField, known: AppliedField | None, case: Case) -> Value:
    """What a change says was there; of a secret that we replace, which one we had written."""
    if case in ("rotated", "changed") and known is not None and isinstance(known.value, SecretState):
        return SecretState(known.value.ref, known.value.version)
    return _shown(spec, seen)


def _shown(spec: FieldSpec, seen: ObservedField) -> Value:
    """A value as a plan may hold it: of a secret never more than whether there is one."""
    if spec.secret and not (seen.value is None or isinstance(seen.value, Masked)):
        return Masked(present=bool(seen.value))
    return seen.value


def _case(spec: FieldSpec, want: Value, seen: ObservedField, known: AppliedField | None, same: Same) -> Case | None:
    if spec.secret and isinstance(want, SecretState):
        return _secret_case(want, seen, known)
    if same(spec.name, want, seen.value) or (want in EMPTY and is_absent(seen)):
        return None
    if known is None:
        return "create" if seen.is_default or seen.value in EMPTY else "takeover"
    if same(spec.name, known.value, seen.value):
        return "changed"
    return "drift" if same(spec.name, known.value, want) else "takeover"


def is_absent(seen: ObservedField) -> bool:
    """Whether nothing is set, as far as the platform tells."""
    return seen.value in EMPTY or (isinstance(seen.value, Masked) and seen.value.present is False)


def _secret_case(want: SecretState, seen: ObservedField, known: AppliedField | None) -> Case | None:
    if known is None or not isinstance(known.value, SecretState):
        return "create" if seen.is_default or is_absent(seen) else None
    if not known.value.fingerprint:
        return "unsettled"
    if _is_unread(want):
        same_ref = known.value.ref == want.ref
        return _overwritten(seen, known) if same_ref else "changed"
    if not known.value.same(want):
        return "rotated" if known.value.ref == want.ref else "changed"
    return _overwritten(seen, known)


def _overwritten(seen: ObservedField, known: AppliedField) -> Case | None:
    """What we wrote was written over, or taken away, as far as the platform tells."""
    return "overwritten" if known.verified and (written_over(seen, known) or is_absent(seen)) else None


def written_over(seen: ObservedField | None, known: AppliedField) -> bool:
    """Whether the platform's evidence says that somebody wrote after us."""
    return seen is not None and bool(known.evidence and seen.evidence) and known.evidence != seen.evidence


def _tells_nothing(seen: ObservedField | None) -> bool:
    return seen is not None and not seen.evidence and not is_absent(seen)


def _is_unread(value: Value) -> bool:
    return isinstance(value, SecretState) and not value.fingerprint


def _is_pushable(value: Value) -> bool:
    return isinstance(value, SecretState) and bool(value.fingerprint)


def _is_unverified(spec: FieldSpec, known: AppliedField | None) -> bool:
    return spec.secret and (known is None or not known.verified)


def _adopted(
    resource: Resource, seen: Mapping[str, ObservedField], known: Mapping[str, AppliedField], keep: set[str]
) -> AppliedResource:
    """The record of what is as Git wants it now; fields that are to be sent keep their old record until then."""
    fields = {name: known[name] for name in keep if name in known}
    for name, want in resource.fields.items():
        if name in keep:
            continue
        old = known.get(name)
        if isinstance(want, SecretState):
            adopted = _adopted_secret(want, seen.get(name, UNSET), old)
        else:
            adopted = old if old is not None and old.value == want else AppliedField(want)
        if adopted is not None:
            fields[name] = adopted
    return AppliedResource(resource.key, resource.label, dict(sorted(fields.items())))


def _adopted_secret(want: SecretState, seen: ObservedField, old: AppliedField | None) -> AppliedField | None:
    if _is_unread(want):
        return old
    if old is None or not isinstance(old.value, SecretState):
        return AppliedField(want, _kept(seen), verified=False)
    return AppliedField(want, old.evidence or _kept(seen), old.verified)


def _kept(seen: ObservedField) -> str:
    """The evidence to compare with later: what is still set after a deploy may be our own write."""
    return "" if seen.evidence == SET_AFTER_DEPLOY else seen.evidence

"""Whether an app runs with what was applied: one rule for apply's last sentence and for status.

Not here: reading apps (``target``), what was applied (``record``).
"""

from collections.abc import Mapping

from stagemail.model.field import Specs
from stagemail.model.key import Key
from stagemail.model.snapshot import AppliedField, AppliedResource, ObservedResource
from stagemail.planning.diff import Same

Due = Mapping[str, AppliedField]
"""What must run in an app, by field."""


def due_in(applied: Mapping[Key, AppliedResource], *keys: Key) -> Due:
    """What was applied to these resources together: a stage's settings and an app's own."""
    return {name: kept for key in keys if key in applied for name, kept in applied[key].fields.items()}


def not_live(seen: ObservedResource, due: Due, same: Same, specs: Specs) -> tuple[str, ...]:
    """The fields that run with another value than was applied, or wait to be made live. Sorted."""
    return tuple(sorted(name for name in due if name in seen.fields and _differs(name, due[name], seen, same, specs)))


def _differs(name: str, kept: AppliedField, seen: ObservedResource, same: Same, specs: Specs) -> bool:
    field = seen.fields[name]
    return field.pending or (not specs[name].secret and not same(name, kept.value, field.live))

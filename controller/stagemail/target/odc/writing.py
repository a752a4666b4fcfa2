"""A write step → the entries of its one PATCH. Exactly what the step says, nothing beside it.

Switching authentication off leaves the old user name and secrets on the platform, unused: writing what no step names
would leave values pending that nobody can attribute. Not here: HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stagemail.errors import MappingMismatch, UsageError
from stagemail.model import email
from stagemail.model.key import CONFIGURATION
from stagemail.model.secret import Secret
from stagemail.model.step import Change, Step
from stagemail.target.odc.codec import Codec
from stagemail.target.odc.mapping import LOOK_AGAIN, StageMapping


@dataclass(frozen=True, slots=True)
class Patch:
    """Values by entry key, in people's order of the fields; ``withheld`` are the secrets among them."""

    entries: Mapping[str, str] = field(repr=False)
    withheld: tuple[str, ...] = field(repr=False)


def patch_of(step: Step, mapping: StageMapping, secrets: Mapping[str, Secret]) -> Patch:
    """The PATCH of a step. Raises MappingMismatch, UsageError, and UserMustFix where ODC cannot hold a value.

    An entry of the stage is never written in an app: it would shadow the stage's value there.
    """
    level = "stage" if step.key.kind == CONFIGURATION else "app"
    codec = mapping.codec.codec()
    entries: dict[str, str] = {}
    withheld: list[str] = []
    for change in sorted(step.changes, key=lambda change: email.SPECS.order(change.field)):
        entry = mapping.entries.get(change.field)
        if entry is None:
            raise MappingMismatch(f"{step.label}: the mapping has no entry for {change.field}", hint=LOOK_AGAIN)
        if entry.level != level:
            raise UsageError(f"{step.label}: {change.field} is set for each {entry.level}, not for each {level}")
        entries[entry.key] = _text(step, change, codec, secrets)
        if email.SPECS[change.field].secret:
            withheld.append(entries[entry.key])
    return Patch(entries, tuple(withheld))


def _text(step: Step, change: Change, codec: Codec, secrets: Mapping[str, Secret]) -> str:
    if email.SPECS[change.field].secret:
        if change.after is None:
            return ""
        if change.field not in secrets:
            raise UsageError(f"{step.label}: no secret was given for {change.field}")
        return secrets[change.field].reveal()
    if change.field == email.RECIPIENTS_MODE:
        return codec.toggle(on=change.after == email.TEST_LIST_MODE)
    return codec.encode(change.field, change.after)

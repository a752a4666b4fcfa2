"""Model values ↔ plain JSON values: the one form in which every record keeps them.

A ``Secret`` or a ``SecretRef`` has no form here, so neither can reach a record. Not here: tables and transactions.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from sys import intern
from typing import Any, Final

from stagemail.errors import CorruptRecord, InvalidInput
from stagemail.model.field import Value
from stagemail.model.run import Intent, Outcome
from stagemail.model.secret import Masked, SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.model.standing import Decision, Standing
from stagemail.report import codec as plain

Json = Any


def encode_value(value: Value) -> Json:
    """A field's value as JSON. Raises TypeError, without the value, for whatever a record must not hold."""
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is tuple and all(type(item) is str for item in value):
        return {"list": list(value)}
    if type(value) is SecretState:
        return {"secret": [value.ref, value.version, value.fingerprint]}
    if type(value) is Masked:
        return {"masked": value.present}
    raise TypeError(f"a {type(value).__name__} must not be stored in the record")


def decode_value(data: Json) -> Value:
    """The value that ``encode_value`` was given. Raises CorruptRecord."""
    if data is None or isinstance(data, str | int | bool):
        return data
    match data:
        case {"list": [*items]} if all(isinstance(item, str) for item in items):
            # Git's side and the platform's hold the same members: ten thousand lists of them weigh most of a plan.
            return tuple(map(intern, items))
        case {"secret": [str(ref), str(version), str(fingerprint)]}:
            return SecretState(ref, version, fingerprint)
        case {"masked": present} if present is None or isinstance(present, bool):
            return Masked(present)
    raise unreadable("a value")


def encode_fields(fields: Mapping[str, AppliedField]) -> Json:
    """The fields of an applied resource, by name."""
    return {name: [encode_value(f.value), f.evidence, f.verified] for name, f in sorted(fields.items())}


def decode_fields(data: Json) -> dict[str, AppliedField]:
    """The fields that ``encode_fields`` was given. Raises CorruptRecord."""
    if not isinstance(data, dict):
        raise unreadable("the fields of an applied resource")
    return {name: _decode_field(item) for name, item in data.items()}


def _decode_field(item: Json) -> AppliedField:
    match item:
        case [value, str(evidence), bool(verified)]:
            return AppliedField(decode_value(value), evidence, verified)
    raise unreadable("a field of an applied resource")


def encode_values(values: tuple[tuple[str, Value], ...]) -> Json:
    """An intent's values, in their order."""
    return [[name, encode_value(value)] for name, value in values]


def decode_values(data: Json) -> tuple[tuple[str, Value], ...]:
    """The values that ``encode_values`` was given. Raises CorruptRecord."""
    match data:
        case [*pairs] if all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            return tuple((str(name), decode_value(value)) for name, value in pairs)
    raise unreadable("the values of an intent")


def check_storable(resource: AppliedResource | None = None, intent: Intent | None = None) -> None:
    """Raise TypeError where a value must not be stored; for adapters that keep the objects themselves."""
    if resource is not None:
        encode_fields(resource.fields)
    if intent is not None:
        encode_values(intent.values)


def encode_outcome(outcome: Outcome) -> dict[str, Json]:
    """An outcome as an event keeps it."""
    return {
        "step": outcome.step,
        "key": str(outcome.key),
        "label": outcome.label,
        "action": outcome.action,
        "status": outcome.status,
        "message": outcome.message,
        "retry": outcome.retry,
        "fields": list(outcome.fields),
    }


_YOUNGER: Final[Mapping[str, Json]] = {"untold": [], "turns": [], "troubled": False}
"""Members that standings of earlier releases lack, with what that means."""


def encode_standing(standing: Standing) -> Json:
    """A standing, by the types of its members; what only some have is left out where it is empty."""
    encoded = plain.encode(standing)
    return {name: value for name, value in encoded.items() if value or name not in _YOUNGER}


def decode_standing(stage: str, data: Json) -> Standing:
    """The standing that ``encode_standing`` was given. One of another release is no standing: soaks begin anew."""
    try:
        found: Standing = plain.decode(Standing, {**_YOUNGER, **data} if isinstance(data, dict) else data)
    except InvalidInput:
        return Standing(stage)
    return found


def encode_decision(decision: Decision) -> Json:
    """A decision, by the types of its members."""
    return plain.encode(decision)


def decode_decision(data: Json) -> Decision:
    """The decision that ``encode_decision`` was given. Raises CorruptRecord."""
    try:
        found: Decision = plain.decode(Decision, data)
    except InvalidInput:
        pass
    else:
        return found
    raise unreadable("a decision")


def encode_instant(at: datetime) -> str:
    """A time as UTC text that sorts as time does (RFC 3339, microseconds). Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError("the record keeps times with a zone only")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def decode_instant(text: str) -> datetime:
    """The time that ``encode_instant`` was given, in UTC. Raises CorruptRecord."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        pass
    raise unreadable("a time")


def unreadable(what: str) -> CorruptRecord:
    """The error for stored data that is not what this version writes."""
    return CorruptRecord(
        f"the record holds {what} that nobody can read",
        hint="move the record's files aside and run again: what is live is read from the platform and adopted",
    )

"""Frozen data ↔ plain JSON values, by the types of the dataclasses, so that code and JSON cannot tell two stories.

Names become camelCase. A ``Secret`` has no form here, so none can reach a report. Values that are not plain JSON carry
a tag (``{"secretState": …}``), because a reader must tell a secret's state from a text.
Not here: envelopes and versions (``envelope``), the schema of these forms (``schema``).
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from stagemail.errors import InvalidInput
from stagemail.model.secret import Masked, SecretRef, SecretState

Json = Any

TAGS: dict[type, str] = {SecretRef: "secretRef", SecretState: "secretState", Masked: "masked"}


def camel(name: str) -> str:
    """A field's name as JSON spells it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


@lru_cache(maxsize=256)
def members(kind: type) -> tuple[tuple[str, str, Any], ...]:
    """Each field of a dataclass: its name, its name in JSON, its type."""
    hints = get_type_hints(kind)
    return tuple((field.name, camel(field.name), hints[field.name]) for field in fields(kind))


@lru_cache(maxsize=256)
def _names(kind: type) -> tuple[tuple[str, str], ...]:
    """Each field of a dataclass and its name in JSON; to write one, its types need not be loaded."""
    return tuple((field.name, camel(field.name)) for field in fields(kind))


def encode(value: object) -> Json:
    """Data as JSON values. Raises TypeError, without the value, for what no report may hold."""
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, tuple | list | frozenset):
        return [encode(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if isinstance(value, Mapping):
        return {str(key): encode(value[key]) for key in sorted(value)}
    if isinstance(value, datetime):
        return encode_instant(value)
    if is_dataclass(value) and not isinstance(value, type):
        plain = {name: encode(getattr(value, attribute)) for attribute, name in _names(type(value))}
        tag = TAGS.get(type(value))
        return {tag: plain} if tag else plain
    raise TypeError(f"a {type(value).__name__} must not be in a report")


def encode_instant(at: datetime) -> str:
    """A time as RFC 3339 in UTC. Raises ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("a report holds times with a zone only")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def decode(kind: Any, data: Json, where: str = "") -> Any:
    """The data that ``encode`` was given. Raises InvalidInput that says where it is something else."""
    if is_dataclass(kind) and isinstance(kind, type):
        return _decode_dataclass(kind, data, where)
    reader = _READERS.get(get_origin(kind))
    if reader is not None:
        return reader(get_args(kind), data, where)
    if kind is datetime:
        return _decode_instant(data, where)
    if type(data) is not kind:
        raise _wrong(where, f"{kind.__name__} expected")
    return data


def _decode_union(choices: tuple[Any, ...], data: Json, where: str) -> Any:
    if isinstance(data, dict):
        tagged = [choice for choice in choices if TAGS.get(choice) in data]
        plain = [choice for choice in choices if is_dataclass(choice) and choice not in TAGS]
        for choice in (*tagged, *plain):
            return decode(choice, data, where)
    for choice in choices:
        if isinstance(data, list) and get_origin(choice) is tuple:
            return decode(choice, data, where)
        if type(data) is choice or (choice is datetime and isinstance(data, str)):
            return decode(choice, data, where)
    raise _wrong(where, "none of the values that may stand here")


def _decode_tuple(items: tuple[Any, ...], data: Json, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise _wrong(where, "a list expected")
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(decode(items[0], item, f"{where}/{number}") for number, item in enumerate(data))
    if len(items) != len(data):
        raise _wrong(where, f"a list of {len(items)} expected")
    return tuple(decode(kind, item, f"{where}/{n}") for n, (kind, item) in enumerate(zip(items, data, strict=True)))


def _decode_mapping(kinds: tuple[Any, ...], data: Json, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise _wrong(where, "an object expected")
    return {name: decode(kinds[1], item, f"{where}/{name}") for name, item in data.items()}


def _decode_dataclass(kind: type, data: Json, where: str) -> Any:
    tag = TAGS.get(kind)
    if tag:
        if not isinstance(data, dict) or set(data) != {tag}:
            raise _wrong(where, f"an object with `{tag}` expected")
        data, where = data[tag], f"{where}/{tag}"
    if not isinstance(data, dict):
        raise _wrong(where, "an object expected")
    known = members(kind)
    _same_names({name for _, name, _ in known}, set(data), where)
    return kind(**{attribute: decode(hint, data[name], f"{where}/{name}") for attribute, name, hint in known})


def _same_names(known: set[str], given: set[str], where: str) -> None:
    if known - given:
        raise _wrong(where, f"`{min(known - given)}` is missing")
    if given - known:
        raise _wrong(where, f"`{min(given - known)}` is not known")


def _decode_literal(choices: tuple[Any, ...], data: Json, where: str) -> Any:
    if not any(data == choice and type(data) is type(choice) for choice in choices):
        raise _wrong(where, f"one of {', '.join(map(str, choices))} expected")
    return data


def _decode_instant(data: Json, where: str) -> datetime:
    try:
        return datetime.fromisoformat(data).astimezone(UTC)
    except (TypeError, ValueError):
        pass
    raise _wrong(where, "a time as RFC 3339 expected")


def _wrong(where: str, what: str) -> InvalidInput:
    return InvalidInput(f"{where or '/'}: {what}")


_READERS: dict[Any, Callable[[tuple[Any, ...], Json, str], Any]] = {
    Union: _decode_union,
    types.UnionType: _decode_union,
    Literal: _decode_literal,
    tuple: _decode_tuple,
    Mapping: _decode_mapping,
}

"""The words for each keyword of JSON Schema that a document can break: a code, what is wrong, what to write instead.

Not here: walking a document (``source.explain``), what a format means (``resources.formats``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stagemail.model.secret import MASK
from stagemail.resources import formats
from stagemail.resources.nearest import closest
from stagemail.source.pasted import CREDENTIAL

Told = tuple[str, str, str]
"""Code, message, remedy."""

_TYPES: Final[Mapping[str, str]] = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_FORMAT_CODES: Final[Mapping[str, str]] = {
    formats.ADDRESS: "bad-address",
    formats.HOST: "bad-host",
    formats.TOKEN_URL: "bad-url",
    formats.DOMAIN: "bad-domain",
    "date": "bad-date",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken keyword: its name and what it says, the value that breaks it, and the schema they stand in."""

    keyword: str
    limit: Any
    value: Any
    schema: Any


def told(fault: Fault, noun: str, *, shown: str) -> Told:
    """What is wrong with ``noun``. ``shown`` is put behind it, "" where the value must not be printed."""
    explained = _EXPLAINED.get(fault.keyword)
    if explained is None:
        return "wrong-type", f"{noun} is not what the schema asks for ({fault.keyword}).", ""
    return explained(fault, noun, shown)


def quoted(name: str) -> str:
    """A name as a message quotes it: short, on one line, nothing in it that a terminal would obey."""
    name = CREDENTIAL.sub(MASK, name)
    text = name if name.isprintable() else name.encode("unicode_escape").decode()
    return f"`{text if len(text) <= 60 else text[:57] + '…'}`"


def shown(value: Any) -> str:
    """A value as a message quotes it; mappings and lists by their kind only."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return quoted(repr(value) if isinstance(value, int | float) else f'"{value}"')


def _type(fault: Fault, noun: str, found: str) -> Told:
    wanted = fault.limit if isinstance(fault.limit, list) else [fault.limit]
    words = " or ".join(_TYPES[name] for name in wanted)
    value = fault.value
    remedy = f"write {words}."
    if found and isinstance(value, str) and wanted == ["integer"] and value.strip().isdecimal():
        remedy = f"write {int(value[:18])} without quotes."
    elif found and "string" in wanted and isinstance(value, int):
        remedy = f'write it in quotes: `"{str(value).lower()}"`.'
    elif found and wanted == ["array"] and isinstance(value, str):
        remedy = "write it as a list, in square brackets or with a dash before it."
    return "wrong-type", f"{noun} must be {words}{found}:", remedy


def _choice(fault: Fault, noun: str, found: str) -> Told:
    choices = [str(choice) for choice in fault.schema.get("enum", [fault.schema.get("const")])]
    code = {"`kind`": "unknown-kind", "`apiVersion`": "unknown-version"}.get(noun, "not-a-choice")
    near = closest(str(fault.value), choices) if len(choices) > 1 else None
    many = f"write one of: {', '.join(choices)}." if len(choices) > 1 else f"write `{choices[0]}`."
    return code, f"{noun} is none of the choices{found}:", f"did you mean `{near}`? {many}" if near else many


def _range(fault: Fault, noun: str, found: str) -> Told:
    low = fault.schema.get("minimum", fault.schema.get("exclusiveMinimum"))
    high = fault.schema.get("maximum", fault.schema.get("exclusiveMaximum"))
    over = "over " if "exclusiveMinimum" in fault.schema else ""
    limits = f"from {over}{low} to {high}" if high is not None else f"of {low} or more"
    return "out-of-range", f"{noun} is out of range{found}:", f"write a number {limits}."


def _length(fault: Fault, noun: str, _found: str) -> Told:
    size, limit = len(fault.value), fault.limit
    what = "characters" if isinstance(fault.value, str) else "entries"
    if str(fault.keyword).startswith("min"):
        return "wrong-length", f"{noun} is too short, it has {size} {what}:", f"write at least {limit}."
    return "wrong-length", f"{noun} is too long, it has {size} {what}:", f"write at most {limit}."


def _format(fault: Fault, noun: str, found: str) -> Told:
    name = str(fault.limit)
    why = formats.FAULTS[name](fault.value) if name in formats.FAULTS else "there is no such day"
    return _FORMAT_CODES[name], f"{noun} must be {formats.NOUNS[name]}{found}:", f"{why}."


_NAME_HINT: Final = "write lower-case letters, digits and hyphens, at most 63, as in `corporate-relay`."
_HINTS: Final[tuple[tuple[str, str], ...]] = (
    ("^[a-z0-9]", _NAME_HINT),
    ("<>]+$", "leave out control characters, line ends and angle brackets; the address stands in `address`."),
    (r"^[^\u0000", "leave out control characters and line ends."),
    ("^[0-9]{4}-", "write a date as in `2026-12-31`."),
    ("^(?=.*[1-9])", "write a duration of at least a second, as in `5s`, `10m` or `1h30m`."),
    ("^(0s|", "write a duration as in `0s`, `10m` or `1h30m`."),
    ("^(0|0?", "write a share as in `80%`."),
    (
        "^(?!.*(",
        "write a branch's short name, as in `stagemail-journal`; `git check-ref-format --branch NAME` tells the rules.",
    ),
    ("^((sqlite", "write `sqlite:///FILE`, `postgresql://…` or `git-branch:BRANCH`."),
    ("^[A-Z]", "write capital letters, digits and underscores, as in `STAGEMAIL_`."),
)


def _text(fault: Fault, noun: str, found: str) -> Told:
    pattern = str(fault.limit)
    hint = next((words for start, words in _HINTS if pattern.startswith(start) or pattern.endswith(start)), "")
    code = "bad-date" if pattern.startswith("^[0-9]{4}-") else "bad-text"
    return code, f"{noun} has characters that it does not take{found}:", hint


def _twice(_fault: Fault, noun: str, _found: str) -> Told:
    return "duplicate-entry", f"an entry stands twice in {noun}:", "keep it once."


_EXPLAINED: Final[Mapping[str, Callable[[Fault, str, str], Told]]] = {
    "type": _type,
    "enum": _choice,
    "const": _choice,
    "minimum": _range,
    "maximum": _range,
    "exclusiveMinimum": _range,
    "exclusiveMaximum": _range,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _length,
    "maxItems": _length,
    "minProperties": _length,
    "maxProperties": _length,
    "format": _format,
    "pattern": _text,
    "uniqueItems": _twice,
}

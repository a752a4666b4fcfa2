"""What is wrong with the shape of a document: the reference validator, asked only where something is.

Not here: yes or no (``source.schema``), the words for each keyword (``source.wording``), lines (``source.located``).
 Never printed: anything found in a secret field.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry

from stagemail.model.location import Place
from stagemail.resources import formats
from stagemail.resources.nearest import closest
from stagemail.source import pasted
from stagemail.source.finding import Finding
from stagemail.source.schema import bundle
from stagemail.source.wording import Fault, Told, quoted, shown, told

SECRET_FIELDS: Final = frozenset({"password", "clientSecret", "stateKey", "statePassword", "token", "secret"})
_REFERENCE: Final = "{secretRef: {store: env, key: NAME_IN_THE_STORE}}"
_ELSEWHERE: Final[Mapping[str, str]] = {
    "testList": "a test list belongs to `mode: test-list`.",
    "username": "a user name belongs to `authentication: {type: basic}`.",
    "password": "a password belongs to `authentication: {type: basic}`.",
}


def explain(value: Any, place: Place) -> list[Finding]:
    """Every fault of one plain document (``source.schema.plain``), in the order of the schema; empty where none is."""
    found: dict[Finding, None] = {}
    for error in _validator().iter_errors(value):
        for finding in _findings(error, place):
            found.setdefault(finding)
    known = {finding.place for finding in found if finding.code == "literal-secret"}
    found.update(dict.fromkeys(f for f in pasted.in_document(value, place) if f.place not in known))
    misspelt = {f.place for f in found if f.code == "unknown-field" and f.remedy.startswith("did you mean")}
    return [f for f in found if not (f.code == "missing-field" and _is_misspelt(f, misspelt))]


def _is_misspelt(missing: Finding, misspelt: Iterable[Place]) -> bool:
    """Whether the missing field is there under a name that is nearly right: one mistake is one finding."""
    name = missing.message.split("`")[1]
    siblings = [p.pointer[-1] for p in misspelt if p.pointer[:-1] == missing.place.pointer]
    return any(closest(sibling, [name]) is not None for sibling in siblings)


@lru_cache(maxsize=1)
def _validator() -> Any:
    checker = FormatChecker(formats=())
    for name, fault in formats.FAULTS.items():
        checker.checks(name)(_accepts(fault))
    checker.checks("date")(_is_date)
    # Draft 2020-12 means ECMA 262 by a pattern, where $ never stands before a line feed; re reads it otherwise.
    validator = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]  # untyped there
    return validator(bundle(), registry=Registry(), format_checker=checker)


def _accepts(fault: Callable[[str], str]) -> Callable[[object], bool]:
    return lambda text: not isinstance(text, str) or not fault(text)


def _is_date(text: object) -> bool:
    if not isinstance(text, str):
        return True
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _pattern(_validator: Any, pattern: str, text: object, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(text, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), text):
        yield ValidationError("does not match")


def _findings(error: ValidationError, root: Place) -> Iterator[Finding]:
    place = root.child(*error.absolute_path)
    fault = Fault(str(error.validator), error.validator_value, error.instance, error.schema)
    if fault.keyword == "additionalProperties":
        known = fault.schema["properties"]
        for name in sorted(set(fault.value) - set(known)):
            yield Finding(place.child(name), *_unknown_field(name, known, place))
    elif fault.keyword == "required":
        for name in fault.limit:
            if name not in fault.value:
                yield Finding(place, *_missing(name, place))
    elif "propertyNames" in error.absolute_schema_path:
        yield Finding(place.child(str(fault.value)), *told(fault, "this name", shown=""))
    else:
        yield Finding(place, *_fault(fault, place))


def _in_secret(place: Place) -> bool:
    return bool(SECRET_FIELDS.intersection(place.pointer))


def _unknown_field(name: str, known: Mapping[str, Any], place: Place) -> Told:
    if _in_secret(place):
        return "unknown-field", "this field does not belong to a secret reference:", f"write `{_REFERENCE}`."
    if name in _ELSEWHERE:
        return "unknown-field", f"field {quoted(name)} does not belong here:", _ELSEWHERE[name]
    near = closest(name, known)
    if near is not None:
        return "unknown-field", f"unknown field {quoted(name)}:", f"did you mean `{near}`?"
    return "unknown-field", f"unknown field {quoted(name)}:", f"known here: {', '.join(known)}."


def _missing(name: str, place: Place) -> Told:
    where = quoted(place.pointer[-1]) if place.pointer and not place.pointer[-1].isdigit() else "this entry"
    what = "the document" if not place.pointer else where
    return "missing-field", f"`{name}` is missing in {what}:", f"add `{name}: {_examples().get(name, '…')}`."


@lru_cache(maxsize=1)
def _examples() -> dict[str, str]:
    """One example per field name, from the schema itself."""
    found = {"apiVersion": "stagemail/v1"}
    for definition in bundle()["$defs"].values():
        for name, field in definition.get("properties", {}).items():
            for example in field.get("examples", ()):
                if isinstance(example, str | int | float):
                    found.setdefault(name, str(example))
    found.update(dict.fromkeys(SECRET_FIELDS, _REFERENCE))
    return found


def _fault(error: Fault, place: Place) -> Told:
    name = place.pointer[-1] if place.pointer else "the document"
    noun = "this entry" if name.isdigit() else (quoted(name) if place.pointer else name)
    if error.value is None:
        return "empty-value", f"{noun} is empty:", "give it a value or leave the line out."
    if name in SECRET_FIELDS:
        remedy = f"write `{name}: {_REFERENCE}`."
        return "literal-secret", f"{noun} takes no credential, only a reference to one:", remedy
    return told(error, noun, shown="" if _in_secret(place) else f", found {shown(error.value)}")

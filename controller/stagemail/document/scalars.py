"""What a plain (unquoted) text means: decimal integer, true, false, null, date, text; everything else is a Fault.

YAML 1.1 and 1.2 tools read ``on``, ``0465``, ``12:30`` or ``1e3`` differently; we read none of them.
Not here: where the text stands (``reading``). Source: https://yaml.org/type/ (YAML 1.1), YAML 1.2.2 §10.3.
"""

import re
from datetime import date
from functools import lru_cache

from stagemail.document.characters import ascii_twin, confusable
from stagemail.document.faults import Fault
from stagemail.document.limits import MAX_DIGITS

_MISSING = object()


def _words() -> dict[str, object]:
    words: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}
    for meaning, spellings in (("true", "true yes on y"), ("false", "false no off n")):
        for word in spellings.split():
            for spelling in {word, word.capitalize(), word.upper()} - {"true", "false"}:
                words[spelling] = Fault(
                    "yaml-1.1-boolean",
                    f"`{spelling}` is read as {meaning} by YAML 1.1 tools.",
                    f'Write `{meaning}` or quote it: `"{spelling}"`.',
                    meaning == "true",
                )
    for spelling in ("Null", "NULL"):
        words[spelling] = Fault(
            "yaml-1.1-null",
            f"`{spelling}` is read as nothing by YAML tools.",
            f'Write `null` or quote it: `"{spelling}"`.',
        )
    words["="] = Fault("yaml-1.1-value", "`=` has a meaning of its own in YAML 1.1.", 'Quote it: `"="`.', "=")
    words["<<"] = Fault("merge-key", "`<<` is the merge key of YAML 1.1.", 'Quote it: `"<<"`.', "<<")
    return words


_WORDS = _words()
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.{0,20}")
_OTHER_BASE = re.compile(r"[-+]?0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_SIGNED = re.compile(r"\+[0-9]+")
_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@lru_cache(maxsize=8192)
def plain(text: str) -> object:
    """The value of a short plain text: str, int, bool, None or date; a Fault where it must be written otherwise."""
    return read_plain(text)


def read_plain(text: str) -> object:
    """As ``plain``, without remembering (for long texts)."""
    word = _WORDS.get(text, _MISSING)
    if word is not _MISSING:
        return word
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _DATE.fullmatch(text):
        return _date(text)
    return _number_like(text)


def _integer(text: str) -> object:
    digits = len(text.removeprefix("-"))
    if digits > MAX_DIGITS:
        return Fault(
            "integer-too-long",
            f"a number of {digits} digits is too long; at most {MAX_DIGITS} are read.",
            "Quote it if it is a text.",
            0,
        )
    return int(text)


def _date(text: str) -> object:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return Fault("no-such-date", f"`{text}` is no day of the calendar.", "Write year-month-day.", text)


def _number_like(text: str) -> object:
    quoted = f'`"{_short(text)}"`'
    for pattern, code, meaning in (
        (_LEADING_ZERO, "yaml-1.1-octal", "is read as an octal number by YAML 1.1 tools"),
        (_OTHER_BASE, "other-base-integer", "is not a decimal integer"),
        (_SIGNED, "signed-integer", "is read as a number, without its sign"),
        (_UNDERSCORES, "underscore-integer", "is read as a number by YAML 1.1 tools"),
    ):
        if pattern.fullmatch(text):
            guess = _decimal(text)
            remedy = f"Write `{guess}` or quote it: {quoted}." if guess is not None else f"Quote it: {quoted}."
            return Fault(code, f"`{_short(text)}` {meaning}.", remedy, guess if guess is not None else text)
    if _SEXAGESIMAL.fullmatch(text):
        wrong = f"`{_short(text)}` is read as a number of base 60 by YAML 1.1 tools."
        return Fault("yaml-1.1-sexagesimal", wrong, f"Quote it: {quoted}.", text)
    if _TIMESTAMP.fullmatch(text):
        wrong = f"`{_short(text)}` is read as a point in time by some tools."
        return Fault("timestamp", wrong, f"Write the day alone (`2026-12-31`) or quote it: {quoted}.", text)
    if _FLOAT.fullmatch(text) or _SPECIAL_FLOAT.fullmatch(text):
        return _float(text, quoted)
    return text


def _float(text: str, quoted: str) -> Fault:
    whole, _, rest = text.partition(".")
    guess = _decimal(whole) if not rest.strip("0_") else None
    remedy = f"Write `{guess}` or quote it: {quoted}." if guess is not None else f"Quote it: {quoted}."
    wrong = f"`{_short(text)}` is read as a floating-point number; only decimal integers are read."
    return Fault("floating-point", wrong, remedy, guess if guess is not None else text)


def _decimal(text: str) -> int | None:
    digits = text.replace("_", "").removeprefix("+")
    sign = "-" if digits.startswith("-") else ""
    digits = digits.removeprefix("-").lstrip("0") or "0"
    return int(sign + digits) if digits.isdecimal() and len(digits) <= MAX_DIGITS else None


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}…"


@lru_cache(maxsize=8192)
def key_fault(text: str, is_plain: bool) -> Fault | None:
    """What is wrong with a short text as a key of a mapping, or None."""
    if is_plain:
        if text == "<<":
            wrong = "merge keys (`<<`) are not read."
            return Fault("merge-key", wrong, "Write the fields out, or share a configuration by `spec.stages`.")
        if not isinstance(value := read_plain(text), str):
            kind = _kind(value)
            written = _short(text) or "~"
            return Fault("key-not-text", f"the key `{written}` is read as {kind}.", f'Quote it: `"{_short(text)}"`.')
    if text.isascii():
        return None
    if why := confusable(text):
        return Fault(
            "confusable-key", f"the key `{_short(text)}` has letters that look alike: {why}.", "Type it again."
        )
    if twin := ascii_twin(text):
        wrong = f"the key `{_short(text)}` is not ASCII but looks like `{_short(twin)}`."
        return Fault("confusable-key", wrong, f"Type it again: `{_short(twin)}`.")
    return None


def _kind(value: object) -> str:
    if isinstance(value, Fault):
        return {bool: "true or false", int: "a number", type(None): "nothing"}.get(type(value.guess), "a number")
    if isinstance(value, bool):
        return "true or false"
    return {int: "a number", date: "a date"}.get(type(value), "nothing")

"""Recognises how a stage spells values, from the values, defaults and descriptions that are there to see.

What nobody could see is assumed, and named, so that an admin looks. Not here: applying it (``codec``).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from stagemail.model import email
from stagemail.target.odc.mapping import SEPARATORS, CodecOptions
from stagemail.target.odc.payloads import Entry

BOOLEANS: Final = ("True/False", "true/false", "TRUE/FALSE", "1/0")
OPTIONS: Final = ("boolean", "listSeparator", "memberFormat", "authentication", "security")
_TYPES: Final[Mapping[str, str]] = {
    "none": r"\b(none|no authentication|anonymous)\b",
    "basic": r"\b(basic( authentication)?)\b",
    "oauth2": r"\b(x?oauth[ -]?2(?:\.0)?|oauth)(?![a-z0-9])",
}
_KINDS: Final[Mapping[str, str]] = {
    "none": r"\b(none|plain)\b",
    "starttls": r"\b(start[ -]?tls)\b",
    "tls": r"(?<!start)(?<!start[ -])\b(ssl/tls|tls|ssl)\b",
}
Found = dict[str, Any]


def recognised(fields: Mapping[str, Entry], booleans: Iterable[Entry], lists: Iterable[str]) -> Found:
    """Options that could be seen, by their name in the mapping file.

    ``fields`` are the entries found in the stage, ``booleans`` all entries of type Boolean, ``lists`` test lists.
    """
    found: Found = {}
    if spelt := _boolean(booleans):
        found["boolean"] = spelt
    for text in lists:
        found |= _list(text)
    for name, option, words in ((email.AUTH_TYPE, "authentication", _TYPES), (email.SECURITY, "security", _KINDS)):
        entry = fields.get(name)
        spelt_all = _words(entry, words) if entry else None
        if spelt_all:
            found[option] = spelt_all
    return found


def options(found: Found) -> CodecOptions:
    """The options with what was found, and defaults for the rest."""
    return CodecOptions.model_validate(found)


def assumed(found: Found, fields: Iterable[str]) -> list[str]:
    """Options that nobody could see, of those that matter for these fields."""
    matter = {
        "boolean": email.RECIPIENTS_MODE,
        "listSeparator": email.TEST_LIST,
        "memberFormat": email.TEST_LIST,
        "authentication": email.AUTH_TYPE,
        "security": email.SECURITY,
    }
    known = set(fields)
    return [name for name in OPTIONS if name not in found and matter[name] in known]


def _boolean(entries: Iterable[Entry]) -> str | None:
    texts = {text for entry in entries for text in (entry.value, entry.deployed_value, entry.default_value) if text}
    fitting = [spelt for spelt in BOOLEANS if texts and texts <= set(spelt.split("/"))]
    return fitting[0] if len(fitting) == 1 else None


def _list(text: str) -> dict[str, str]:
    """What one test list tells; one member tells nothing of the separator."""
    text = text.strip()
    if "@" not in text:
        return {}
    found = {"memberFormat": "named" if "<" in text else "plain"}
    bare = re.sub(r'"[^"]*"', "", text)
    if bare.count("@") > 1:
        for name, separator in SEPARATORS.items():
            if separator in bare:
                return {**found, "listSeparator": name}
    return found


def _words(entry: Entry, patterns: Mapping[str, str]) -> dict[str, str] | None:
    """The platform's words for ours, if description and values show all of them.

    A switch ("Requires authentication") can say no more than none and basic.
    """
    if entry.data_type == "Boolean" and "basic" in patterns:
        true, _, false = (_boolean([entry]) or BOOLEANS[0]).partition("/")
        return {"none": false, "basic": true, "oauth2": "OAuth 2.0"}
    text = "; ".join(part for part in (entry.description, entry.value, entry.default_value) if part)
    listed = text.rpartition(": ")[2] if ": " in text else text
    found: dict[str, str] = {}
    for ours, pattern in patterns.items():
        match = re.search(pattern, listed, re.IGNORECASE) or re.search(pattern, text, re.IGNORECASE)
        if match is None:
            return None
        found[ours] = match.group(1)
    return found


def kept(old: CodecOptions, old_assumed: Iterable[str], found: Found) -> CodecOptions:
    """The options of before, with what could be seen now in place of what was only assumed."""
    still = set(old_assumed)
    document = old.model_dump(by_alias=True)
    document |= {name: value for name, value in found.items() if name in still}
    return CodecOptions.model_validate(document)

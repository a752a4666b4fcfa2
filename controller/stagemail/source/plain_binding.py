"""App bindings as nearly all are written: known for right at a glance, without the schema's library.

A strict part of what the schema takes, never the other way round: a law of Hypothesis says so. Whatever else is
written is for the schema (``schema``). Not here: reading YAML, what a binding means together with others.
"""

import re
from typing import Any, Final

from stagemail.model import email

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_APP: Final = re.compile(r"[A-Za-z0-9_ .-]{1,128}")
_SHOWN: Final = re.compile(r"[A-Za-z0-9_ .-]{1,128}")
_WORD: Final = r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?"
_ADDRESS: Final = re.compile(rf"[A-Za-z0-9_+-]{{1,30}}(\.[A-Za-z0-9_+-]{{1,30}})?@({_WORD}\.){{1,2}}[a-z]{{2,20}}")
_MANY: Final = 500


def is_plain_binding(value: Any) -> bool:
    """Whether a document is a binding of exact names, for the stage of its folder, with or without a test list."""
    if type(value) is not dict or value.keys() != {"apiVersion", "kind", "metadata", "spec"}:
        return False
    if value["apiVersion"] != "stagemail/v1" or value["kind"] != "AppBinding":
        return False
    metadata, spec = value["metadata"], value["spec"]
    if type(metadata) is not dict or metadata.keys() != {"name"} or not _is(_NAME, metadata["name"]):
        return False
    if type(spec) is not dict or not {"apps"} <= spec.keys() <= {"apps", "recipients"}:
        return False
    return _are(_APP, spec["apps"]) and ("recipients" not in spec or _is_recipients(spec["recipients"]))


def _is_recipients(value: Any) -> bool:
    if type(value) is not dict:
        return False
    if value.get("mode") == email.SET_IN_APP:
        return len(value) == 1
    if value.get("mode") != email.TEST_LIST_MODE or value.keys() != {"mode", "testList"}:
        return False
    members = value["testList"]
    if type(members) is not list or not 1 <= len(members) <= _MANY or not all(map(_is_mailbox, members)):
        return False
    return len({tuple(sorted(member.items())) for member in members}) == len(members)


def _is_mailbox(value: Any) -> bool:
    if type(value) is not dict or not {"address"} <= value.keys() <= {"name", "address"}:
        return False
    return _is(_ADDRESS, value["address"]) and ("name" not in value or _is(_SHOWN, value["name"]))


def _are(pattern: re.Pattern[str], texts: Any) -> bool:
    """A list of different texts that all fit."""
    if type(texts) is not list or not 1 <= len(texts) <= _MANY or not all(_is(pattern, text) for text in texts):
        return False
    return len(set(texts)) == len(texts)


def _is(pattern: re.Pattern[str], text: Any) -> bool:
    return type(text) is str and pattern.fullmatch(text) is not None

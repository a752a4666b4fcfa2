"""Whether a value of a platform can be written as YAML, by the very shapes that documents are judged by.

Pure. Not here: what becomes of a value that cannot (``adopt_settings``, ``adopt_recipients``).
"""

from collections.abc import Callable, Iterator, Mapping
from email.utils import parseaddr
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from stagemail.document import confusable, describe_character, forbidden_character
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.report.values import value_text
from stagemail.resources.recipients import TestList
from stagemail.resources.text import AppText

Plain = dict[str, Any]
SET_IN_APP: Plain = {"mode": email.SET_IN_APP}
APP = TypeAdapter(AppText)
MEANT_FOR_PEOPLE = frozenset({"name"})
"""Members that are compared with nothing, so that they may mix scripts."""

LONGEST = 100
"""Characters of a value that a remark shows."""
WORDS = {"string_pattern_mismatch": "it holds characters that cannot stand there"}
"""What people read instead of a regular expression."""


def fault(model: type[BaseModel], value: Plain) -> str:
    """Why this is no value of a shape, in a few words; "" where it is one."""
    wrong = next((why for name, text in _texts(value) if (why := _odd(name, text))), "")
    if wrong:
        return wrong
    try:
        model.model_validate(value)
    except ValidationError as error:
        return _first(error)
    return ""


def app_fault(text: str) -> str:
    """Why this cannot be written as the exact name or key of an app; "" where it can."""
    if "*" in text or "?" in text:
        return "it would be read as a pattern"
    wrong = _odd("", text) or ("blanks around it cannot be seen" if text != text.strip() else "")
    if wrong:
        return wrong
    try:
        APP.validate_python(text)
    except ValidationError as error:
        return _first(error)
    return ""


def shown(value: Value) -> str:
    """A value as a remark says it, its end left out where it is long."""
    text = value_text(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def recipients_of(fields: Mapping[str, Value], same: Callable[[str, Value, Value], bool]) -> tuple[str, Plain]:
    """Recipients as YAML says them, or why it cannot. ``same``: the platform's equality."""
    if fields.get(email.RECIPIENTS_MODE) != email.TEST_LIST_MODE:
        return "", SET_IN_APP
    listed = fields.get(email.TEST_LIST)
    members = [_member(text) for text in listed] if isinstance(listed, tuple) else []
    written = {"mode": email.TEST_LIST_MODE, "testList": members}
    wrong = fault(TestList, written)
    if not wrong and not same(email.TEST_LIST, tuple(_mailbox(each) for each in members), listed):
        wrong = "its members cannot be told apart"
    return (f"its test list cannot be written ({wrong}): {shown(listed)}", {}) if wrong else ("", written)


def _member(mailbox: str) -> Plain:
    """One member of a test list as YAML writes it."""
    name, address = parseaddr(mailbox)
    written = {"name": name.strip(), "address": address or mailbox.strip()}
    return written if written["name"] else {"address": written["address"]}


def _mailbox(written: Plain) -> str:
    """The mailbox that a member in YAML means (RFC 5322, 3.4), its name always quoted."""
    if "name" not in written:
        return str(written["address"])
    name = str(written["name"]).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{written["address"]}>'


def _odd(name: str, text: str) -> str:
    hidden = forbidden_character(text)
    if hidden:
        return f"it holds {describe_character(hidden)}"
    twin = None if name in MEANT_FOR_PEOPLE else confusable(text)
    return f"it may be taken for another, {twin}" if twin else ""


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, name)
    elif isinstance(value, str):
        yield name, value


def _first(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in found["loc"] if isinstance(part, str))
    text = WORDS.get(found["type"]) or str(found["msg"]).removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    return f"{where}: {text}" if where else text

"""Names that may be taken for others: a Cyrillic а in a Latin host name sends credentials somewhere else.

Only what is compared or connected to is looked at; display names and reasons may mix scripts.
Not here: which letters look alike (``document.characters``), names of fields (the reader refuses those itself).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stagemail.document import confusable
from stagemail.model.location import Place
from stagemail.source.finding import Finding


def in_document(value: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    """The confusable apps, hosts, users and addresses of a document of a good shape."""
    spec: Mapping[str, Any] = value["spec"]
    root = place.child("spec")
    for name in ("apps", "except"):
        for index, text in enumerate(spec.get(name, ())):
            if not text.isascii():
                yield from _judge(text, root.child(name, index))
    for part, names in _PARTS.items():
        written: Mapping[str, Any] = spec.get(part, {})
        for name in names:
            if name in written and not written[name].isascii():
                yield from _judge(written[name], root.child(part, name))
    for index, member in enumerate(spec.get("recipients", {}).get("testList", ())):
        if not member["address"].isascii():
            yield from _judge(member["address"], root.child("recipients", "testList", index, "address"))


_PARTS = {"server": ("host",), "authentication": ("username", "tokenUrl", "clientId"), "sender": ("address",)}


def in_operator_file(value: Any, place: Place) -> Iterator[Finding]:
    """Every confusable text of the operator file: all of it is identity and trust."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from in_operator_file(member, place.child(name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from in_operator_file(member, place.child(index))
    elif isinstance(value, str) and not value.isascii():
        yield from _judge(value, place)


def _judge(text: str, place: Place) -> Iterator[Finding]:
    why = confusable(text)
    if why is not None:
        remedy = "type it again; an app can be named by its key, a host by its xn-- form."
        yield Finding(place, "confusable-name", f"this may be taken for another name, {why}:", remedy)

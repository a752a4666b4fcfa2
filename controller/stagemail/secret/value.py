"""From what a store holds to a Secret: size, text, emptiness, and the member of a JSON object.

No error raised here carries the value, not even in the exception behind it: what json and the decoders raise holds
their input, so it is let go before ours is raised. Not here: where the bytes come from.
"""

import json
from typing import Final

from stagemail.errors import NotFound, SecretEmpty, SecretUnusable
from stagemail.model.secret import Secret, SecretRef

LIMIT: Final = 64 * 1024
"""The largest secret that is read, in bytes of UTF-8."""


def from_bytes(data: bytes, ref: SecretRef, where: str) -> Secret:
    """The secret that these bytes are. Raises SecretUnusable, SecretEmpty, NotFound (no such member)."""
    if len(data) > LIMIT:
        raise too_large(where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None or "\0" in text:
        raise SecretUnusable(f"{where} is not text", hint="store the secret as UTF-8 text; encode a binary one first")
    return from_text(text, ref, where)


def from_text(text: str, ref: SecretRef, where: str) -> Secret:
    """The secret that this text is, or its member ``ref.field``."""
    value = _member(text, ref.field, where) if ref.field else text
    if not value:
        raise SecretEmpty(f"{where} is empty", hint="store the secret's value there, then run again")
    return Secret(value)


def without_newline(data: bytes) -> bytes:
    """What a text file holds without the one newline that editors and ``echo`` put at its end."""
    return data[:-2] if data.endswith(b"\r\n") else data.removesuffix(b"\n")


def too_large(where: str) -> SecretUnusable:
    """The error for more bytes than a credential has."""
    return SecretUnusable(
        f"{where} is larger than {LIMIT // 1024} KiB", hint="the reference should name the credential alone"
    )


def refuse_pin(ref: SecretRef, where: str) -> None:
    """Refuse a pinned version in a store that keeps none."""
    if ref.version:
        raise SecretUnusable(
            f"{where} has no versions, and the reference asks for version {ref.version}",
            hint="leave `version` out, or keep the secret in a store that has versions",
        )


def _member(text: str, field: str, where: str) -> str:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise SecretUnusable(
            f"{where} is not a JSON object, and the reference asks for its field {field}",
            hint=f'store {{"{field}": "…"}} there, or leave `field` out',
        )
    if field not in document:
        raise NotFound(f"{where} has no field {field}", hint="check the spelling of `field`")
    value = document[field]
    if not isinstance(value, str):
        raise SecretUnusable(f"the field {field} of {where} is not text", hint="write the value in double quotes")
    return value

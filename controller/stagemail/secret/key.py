"""Keys of references, checked before any store is asked: no key can mean another place than the one it names.

Not here: which keys a stage may use (``model.grant``).
"""

import re
from typing import Final

from stagemail.errors import InvalidInput
from stagemail.model.secret import SecretRef

_COMPONENT: Final = re.compile(r"(?!\.\.|\.$)[A-Za-z0-9_.@+=,~-]{1,255}", re.ASCII)
_MAX_DEPTH: Final = 32
_ALPHABET: Final = "letters, digits and _ . @ + = , ~ - between single slashes, without `..`"


def path_of(ref: SecretRef, example: str) -> list[str]:
    """The components of a key that is a path; ``example`` begins the hint. Raises InvalidInput."""
    parts = ref.key.split("/")
    if len(parts) > _MAX_DEPTH or not all(_COMPONENT.fullmatch(part) for part in parts):
        raise no_key(ref, f"{example}: {_ALPHABET}")
    return parts


def name_of(ref: SecretRef, pattern: re.Pattern[str], hint: str) -> str:
    """A key that is one name. Raises InvalidInput."""
    if not pattern.fullmatch(ref.key):
        raise no_key(ref, hint)
    return ref.key


def no_key(ref: SecretRef, hint: str) -> InvalidInput:
    """The error for a key that the store cannot have."""
    return InvalidInput(f"{ref.key!r} is no key of the secret store {ref.store}", hint=hint)


def with_field(place: str, ref: SecretRef) -> str:
    """The place in words, with the field that is taken of it."""
    return f"{place}, field {ref.field}" if ref.field else place

"""Secrets: the reference that Git holds, the value that must never show, and the state that we may keep.

Not here: reading stores (``secret``) and who may use what (``reconcile.credentials``).
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final, NoReturn

from stagemail.dataclass import dataclass

MASK = "***"
UNKNOWN = "unknown"
"""In place of a fingerprint that could not be made again with a new key: only the version is known."""
REPLACED = "replaced"
"""In place of the fingerprint of a value that its store does not have any more: equal to no other."""


class Secret:
    """A credential in memory. No repr, str, format, JSON, pickle, copy, member list or comparison shows it.

    ``reveal()`` is the only way to the value; every call of it is a place to review (``tests/leaks/reveals.txt``).
    The value is held by a function and not by a member, so that what lists the members of an object finds none.
    """

    __slots__ = ("__weakref__", "reveal")

    reveal: Callable[[], str]
    """The value itself, for the one line that sends it."""

    def __init__(self, value: str) -> None:
        def revealed() -> str:
            return value

        object.__setattr__(self, "reveal", revealed)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Secret cannot be changed")

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")


@dataclass(frozen=True, slots=True, order=True)
class SecretRef:
    """What Git holds instead of a credential: which store, which key, which field of it.

    ``version`` pins one version of the store; ``expires`` is an ISO 8601 date that people know.
    """

    store: str
    key: str
    field: str = ""
    version: str = ""
    expires: str = ""

    def __str__(self) -> str:
        text = f"{self.store}:{self.key}"
        if self.field:
            text += f"#{self.field}"
        return f"{text}@{self.version}" if self.version else text


_ODD: Final = (
    (re.compile(r"(?:^|/)\.{1,2}(?:/|$)"), "it holds `.` or `..`"),
    (re.compile(r"%[0-9a-fA-F]{2}"), "it holds an encoded character ({})"),
    (re.compile(r"//"), "it holds two slashes in a row"),
    (re.compile(r"[\x00-\x1f\x7f-\x9f\\?#]"), "it holds a control character or one of \\ ? #"),
)


def odd_key(text: str) -> str:
    """Why a key, or its field, could mean another place than the one that it names; "" where it cannot.

    What a store's keys may look like beyond that is the store's own rule.
    """
    for pattern, why in _ODD:
        found = pattern.search(text)
        if found:
            return why.format(found.group())
    if unicodedata.normalize("NFKC", text) != text or any(unicodedata.category(c) == "Cf" for c in text):
        return "it holds a character that some programs read as another one, or as none"
    return ""


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """What a store answered: the value, the store's version of it ("" if it has none), its expiry (ISO date).

    ``created``: since when the store has this version (ISO 8601, UTC), "" where it does not tell.
    """

    value: Secret
    version: str = ""
    expires: str = ""
    created: str = ""


@dataclass(frozen=True, slots=True)
class SecretState:
    """What plan and record may know of a secret: the reference, the store's version, a keyed HMAC fingerprint.

    ``fingerprint`` is "" where the value was not read (a run without credentials).
    """

    ref: str
    version: str = ""
    fingerprint: str = ""

    def same(self, other: "SecretState") -> bool:
        """Whether both hold the same value, as far as the fingerprints tell; where they cannot, as the versions do."""
        if UNKNOWN in (self.fingerprint, other.fingerprint):
            return not (self.version and other.version) or self.version == other.version
        return bool(self.fingerprint) and self.fingerprint == other.fingerprint


@dataclass(frozen=True, slots=True)
class Masked:
    """A secret as a platform shows it: never its value.

    ``present`` is None where the platform does not even tell whether one is set.
    """

    present: bool | None = None

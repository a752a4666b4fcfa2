"""Strings of ODC ↔ values of ours, per stage as the mapping's options say; unknown spellings are read by synonym.

Every value of ODC is a string and its spelling is undocumented: booleans, list separators, the names of authentication
types. What cannot be read is shown as it is, so that a person sees it. Not here: which entry is which field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import getaddresses
from typing import Final, Literal

from stagemail.errors import UserMustFix
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.target.canonical import canonical, mailbox, same

_TRUE: Final = frozenset({"true", "1", "yes", "on", "enabled", "active"})
_FALSE: Final = frozenset({"false", "0", "no", "off", "disabled", "inactive", ""})
_AUTHENTICATION: Final = {
    "none": "none",
    "noauthentication": "none",
    "anonymous": "none",
    "basic": "basic",
    "basicauthentication": "basic",
    "login": "basic",
    "plain": "basic",
    "password": "basic",
    "oauth": "oauth2",
    "oauth2": "oauth2",
    "oauth20": "oauth2",
    "oauth2clientcredentials": "oauth2",
    "oauth20clientcredentials": "oauth2",
    "clientcredentials": "oauth2",
    "xoauth2": "oauth2",
}
_SECURITY: Final = {
    "none": "none",
    "plain": "none",
    "false": "none",
    "starttls": "starttls",
    "explicit": "starttls",
    "tls": "tls",
    "ssl": "tls",
    "ssltls": "tls",
    "implicit": "tls",
    "smtps": "tls",
}
MemberFormat = Literal["plain", "named"]


@dataclass(frozen=True, slots=True)
class Codec:
    """How one stage spells values. ``true`` and ``false`` are what is written; reading accepts more."""

    true: str = "True"
    false: str = "False"
    separator: str = ","
    members: MemberFormat = "plain"
    authentication: Mapping[str, str] = field(
        default_factory=lambda: {"none": "None", "basic": "Basic", "oauth2": "OAuth 2.0"}
    )
    security: Mapping[str, str] = field(default_factory=lambda: {"none": "None", "starttls": "STARTTLS", "tls": "TLS"})

    def decode(self, name: str, text: str | None) -> Value:
        """The value of ours for a string of ODC; None for nothing. Not for secrets and not for the toggle."""
        if name == email.TEST_LIST:
            return canonical(name, self._members(text or ""), names=self.named)
        if text is None or not text.strip():
            return None
        if name == email.SCOPES:
            return canonical(name, tuple(re.split(r"[\s,;]+", text.strip())))
        if name == email.AUTH_TYPE:
            return _named(text, self.authentication, _AUTHENTICATION)
        if name == email.SECURITY:
            return _named(text, self.security, _SECURITY)
        return canonical(name, text)

    def encode(self, name: str, value: Value) -> str:
        """What to send for a value of ours. Raises UserMustFix where the platform cannot hold it."""
        if value is None:
            return ""
        if isinstance(value, tuple):
            return " ".join(value) if name == email.SCOPES else self._joined(value)
        if name == email.AUTH_TYPE:
            return self.authentication[str(value)]
        if name == email.SECURITY:
            return self.security[str(value)]
        if isinstance(value, bool):
            return self.toggle(on=value)
        return str(value)

    def toggle(self, *, on: bool) -> str:
        """What to send for a switch."""
        return self.true if on else self.false

    def is_on(self, text: str | None) -> bool | None:
        """How a switch stands; None where nobody knows that spelling."""
        word = (text or "").strip()
        if word in (self.true, self.false):
            return word == self.true
        if word.lower() in _TRUE:
            return True
        return False if word.lower() in _FALSE else None

    @property
    def named(self) -> bool:
        """Whether a test list keeps display names."""
        return self.members == "named"

    def same(self, name: str, one: Value, other: Value) -> bool:
        """Whether both are one value to this platform."""
        return same(name, one, other, names=self.named)

    def _members(self, text: str) -> tuple[str, ...]:
        if self.named:
            # A name in quotes may hold the separator: read addresses as RFC 5322 does, with its own comma.
            listed = text if self.separator == "," else text.replace(self.separator, ",")
            pairs = getaddresses([listed])
            return tuple(f'"{_escaped(name)}" <{address}>' if name else address for name, address in pairs if address)
        return tuple(member for part in text.split(self.separator) if (member := part.strip()))

    def _joined(self, members: tuple[str, ...]) -> str:
        texts = [mailbox(member, names=self.named) for member in members]
        for text in texts:
            bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text) if self.separator == "," and self.named else text
            if self.separator in bare or (self.separator != "," and self.named and "," in text):
                hint = "write the member without this character in its name"
                raise UserMustFix(f"ODC separates test lists by {self.separator!r}; {text} cannot be in one", hint=hint)
        return self.separator.join(texts)


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _named(text: str, ours: Mapping[str, str], synonyms: Mapping[str, str]) -> str:
    """Our word for a word of the platform: the mapping's own first, then a synonym, else the word itself."""
    squeezed = re.sub(r"[^a-z0-9]", "", text.lower())
    for word, spelt in ours.items():
        if spelt.strip().lower() == text.strip().lower():
            return word
    return synonyms.get(squeezed, text.strip())

"""Credentials that were pasted where they never belong, known by their look: private keys, tokens of known shape.

An ordinary password looks like any other text and cannot be told; the fields that take a credential take references
only, whatever stands there. Comments are looked at as well: what was commented out is in Git all the same.
Not here: those fields (``source.explain``).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from stagemail.document import comments
from stagemail.model.location import Location, Place
from stagemail.model.problem import Problem
from stagemail.source.finding import Finding

_TOKENS: Final = (
    r"-----BEGIN[^-]*PRIVATE KEY.*|AGE-SECRET-KEY-\w+|(?:gh[pousr]|github_pat|glpat|xox[a-z])[-_][\w-]{8,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{12,}|eyJ[\w-]{8,}\.[\w-]+\.?[\w-]*|hv[bsr]\.[\w-]{8,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|xkeysib-[0-9a-f]{32,}|xsmtpsib-[0-9a-f]{32,}|GOCSPX-[\w-]{20,}|AIza[\w-]{30,}"
    r"|[\w.~-]{3}[0-9]Q~[\w.~-]{30,}|key-[0-9a-f]{32}|re_[A-Za-z0-9]{6,}_[A-Za-z0-9]{16,}"
)
"""PEM (RFC 7468), age, GitHub, GitLab, Slack, AWS, JSON web tokens (RFC 7519), Vault, SendGrid, Brevo, Google, Azure's
client secrets, Mailgun, Resend."""

CREDENTIAL: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)|" + _TOKENS, re.DOTALL)
"""What no message repeats: also whoever stands before the @ of an address (RFC 3986, 3.2.1)."""

_PASTED: Final = re.compile(r"://[^/@\s:]*:[^/@\s]+@|(?<![\w-])(?:" + _TOKENS + ")", re.DOTALL)
_REFERENCE: Final = "{secretRef: {store: env, key: NAME_IN_THE_STORE}}"


_SIGNS: Final = (
    r"://|PRIVATE KEY|A(?:GE-SECRET-KEY-|KIA|SIA|Iza)|g(?:h[pousr][-_]|ithub_pat|lpat)|x(?:ox|keysib-|smtpsib-)|eyJ"
    r"|hv[brs]\.|SG\.|GOCSPX-|Q~|key-|re_"
)
"""Without one of these nothing can match ``_PASTED``. None holds a character that ``repr`` writes in another way."""

_SIGN: Final = re.compile(_SIGNS)
_SIGN_IN_BYTES: Final = re.compile(_SIGNS.encode())


_FIELDS: Final = (b"password", b"clientSecret")
"""Fields that take a reference only."""


_ASIDE: Final = re.compile(
    r"#.*\b(?:password|clientSecret|client_secret)\s*[:=]\s*['\"]?(?=[^\s{<]*\d)[^\s{<'\"]{6,}['\"]?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A field of a credential that was commented out with its value: one word with a digit in it."""


_SAID: Final = re.compile(
    r"\b(?:password|passwd|passphrase|client[ _-]?secret|api[ _-]?key)\s*[:=]\s*['\"]?(?=\S*\d)[^\s{<'\"]{6,}",
    re.IGNORECASE,
)
"""The same in a sentence."""


def in_sentence(text: str) -> bool:
    """Whether a sentence that will be kept and shown holds what looks like a credential."""
    return _PASTED.search(text) is not None or _SAID.search(text) is not None


def in_comments(data: bytes, path: str) -> tuple[Problem, ...]:
    """What looks like a credential in the comments of a file; nothing of it is repeated."""
    text = data.decode("utf-8", "replace")
    if "#" not in text or not any(map(_looks_pasted, _behind_signs(text))):
        return ()
    message = "a comment holds what looks like a credential: take it out and revoke it; a comment is in Git, too."
    found = (place for place in comments(text) if _looks_pasted(place[2]))
    return tuple(Problem(Location(path, line, column), "literal-secret", message) for line, column, _ in found)


def _behind_signs(text: str) -> Iterator[str]:
    """What may be a comment: of each line all from its first ``#`` on. Looking over the whole file takes 20 times as
    long."""
    return (line[line.index("#") :] for line in text.splitlines() if "#" in line)


def _looks_pasted(text: str) -> bool:
    return _PASTED.search(text) is not None or _ASIDE.search(text) is not None


def is_in(data: bytes, values: Iterable[Any]) -> bool:
    """Whether a file holds a credential in the open: by its look, or as text where only a reference may stand."""
    listed = list(values)
    named = any(name in data for name in _FIELDS)
    signed = _SIGN_IN_BYTES.search(data) is not None
    nowhere = Place("", 0)
    return (named and any(map(_has_literal, listed))) or (
        signed and any(finding for value in listed for finding in in_document(value, nowhere))
    )


def _has_literal(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_literal, value))
    if not isinstance(value, dict):
        return False
    return any(
        _has_literal(member) if isinstance(member, dict | list) else str(name).encode() in _FIELDS
        for name, member in value.items()
    )


def in_document(value: Any, place: Place) -> Iterator[Finding]:
    """What looks like a credential in any text or name of a document; nothing of it is repeated."""
    text = repr(value)  # one look over the whole, because nearly no document holds any
    return _in(value, place) if _SIGN.search(text) else iter(())


def _in(value: Any, place: Place) -> Iterator[Finding]:
    if isinstance(value, str):
        if _PASTED.search(value):
            yield _finding(place)
    elif isinstance(value, dict):
        for name, member in value.items():
            if isinstance(name, str) and _PASTED.search(name):
                yield _finding(place)
            yield from _in(member, place.child(str(name)))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _in(member, place.child(str(index)))


def _finding(place: Place) -> Finding:
    name = place.pointer[-1] if place.pointer else ""
    message = f"`{name}` holds what looks like a credential:" if name.isalpha() else "this looks like a credential:"
    if "secretRef" in place.pointer:
        remedy = "write the name under which the store keeps it, never the value; and revoke what was pasted."
    else:
        remedy = f"take it out and revoke it; where a credential belongs write `{_REFERENCE}`."
    return Finding(place, "literal-secret", message, remedy)

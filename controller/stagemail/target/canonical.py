"""One spelling of each value, so that ``==`` is equality between what Git wants and what a platform shows.

Hosts and the domains of addresses do not depend on case (RFC 1035 2.3.3, RFC 5321 2.4), a test list has no order and no
member twice. Not here: how a platform writes a value (its codec), which values are allowed (``resources``).
"""

import re
from functools import lru_cache

from stagemail.model import email
from stagemail.model.field import Value

_CASELESS = frozenset({email.HOST, email.SECURITY, email.AUTH_TYPE, email.RECIPIENTS_MODE})
_SPECIALS = re.compile(r'[][\\()<>@,:;".]')
"""The characters for which RFC 5322 (3.2.3) wants a display name in quotes."""


def mailbox(text: str, *, names: bool = True) -> str:
    """One spelling of a mailbox: name decoded (RFC 2047) and quoted only where it must be, domain in lower case.

    ``names`` false drops the display name.
    """
    called, address = email.parts_of(text)
    address = address or text.strip()
    name = _decoded(called.strip()) if names else ""
    if not name:
        return address
    if _SPECIALS.search(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{address}>"


def _decoded(name: str) -> str:
    if "=?" not in name:
        return name
    from email import errors, header  # noqa: PLC0415 - only for names that are encoded

    try:
        return str(header.make_header(header.decode_header(name)))
    except (errors.HeaderParseError, LookupError, ValueError):
        return name


def canonical(field: str, value: Value, *, names: bool = True) -> Value:
    """The one spelling of a value of this field. ``names``: whether the platform keeps display names of test lists.

    No scopes are the same as nothing set.
    """
    if isinstance(value, tuple):
        return _test_list(value, names) if field == email.TEST_LIST else tuple(sorted(set(value))) or None
    return _text(field, value.strip()) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _test_list(value: tuple[str, ...], names: bool) -> tuple[str, ...]:
    """A run compares the same list some twenty times: planned, written, read back, pending, live."""
    return tuple(sorted({mailbox(member, names=names) for member in value}))


def same(field: str, one: Value, other: Value, *, names: bool = True) -> bool:
    """Whether two values of a field are one; ``names`` as for ``canonical``."""
    return one == other or canonical(field, one, names=names) == canonical(field, other, names=names)


def _text(field: str, text: str) -> Value:
    if field == email.HOST:
        return text.lower().removesuffix(".")
    if field in _CASELESS:
        return text.lower()
    if field == email.SENDER_ADDRESS:
        return email.address_of(text) or text
    if field == email.PORT and re.fullmatch(r"[0-9]{1,5}", text):
        return int(text)
    return text

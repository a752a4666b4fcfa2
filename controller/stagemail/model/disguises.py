"""The forms in which one value travels: as it is, escaped, in hex and base64, and the common pairs of these.

Not here: finding them in a text (``scrub``).
"""

import html
import json
import quopri
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

_SHORTEST_INSIDE: Final = 8
"""The least characters of base64 that are taken for a credential inside a longer text."""


def disguises(value: str) -> frozenset[str]:
    """Every form of the value that is looked for.

    JSON, Python's repr, HTML, URL (RFC 3986, form-encoded, either case), quoted-printable (RFC 2045), hex, base64 and
    base64url (RFC 4648) wherever the value stands inside the encoded bytes, as in SMTP's AUTH PLAIN (RFC 4616), AUTH
    LOGIN and HTTP Basic; and two of them one after the other where that is usual.
    """
    data = value.encode("utf-8", "surrogatepass")
    misread = data.decode("latin-1")  # as HTTP reads a header or a status line (RFC 9110, 5.5)
    plain = {value, *_escaped(value), quopri.encodestring(data).decode("ascii"), repr(data)[2:-1]}
    plain |= {misread, *_escaped(misread)} if misread != value else set()
    based = {b64encode(data).decode(), urlsafe_b64encode(data).decode()}
    twice = {form for inner in {json.dumps(value)[1:-1], quote(value, safe=""), *based} for form in _inside(inner)}
    again = {form for inner in plain | based for form in (*_urls(inner), json.dumps(inner)[1:-1])}
    codes = {code for inner in {value, *based} for code in _hex(inner)}
    return frozenset(plain | based | codes | again | twice | set(_inside(value)))


def _escaped(value: str) -> Iterator[str]:
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
    yield from (html.escape(value), html.escape(value, quote=False))
    yield from _urls(value)


def _urls(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "surrogatepass")
    for escaped in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield escaped
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), escaped)


def _hex(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "surrogatepass")
    yield from (data.hex(), data.hex().upper(), data.hex(" "), data.hex(":"))


def _inside(value: str) -> Iterator[str]:
    """The characters of base64 that the value alone decides, for each of the three places at which it may begin."""
    data = value.encode("utf-8", "surrogatepass")
    for before in range(3):
        bits = 8 * (before + len(data))
        first, last = -(-8 * before // 6), bits // 6
        for encode in (b64encode, urlsafe_b64encode):
            core = encode(bytes(before) + data).decode()[first:last]
            if len(core) >= _SHORTEST_INSIDE:
                yield core

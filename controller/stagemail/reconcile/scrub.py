"""The last net: takes known credentials out of text, in the forms in which they travel.

Not a licence to put them there: ``model.secret.Secret`` masks itself, and errors never hold one.
"""

import html
import json
import quopri
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from stagemail.model.secret import MASK, Secret

SHORTEST: Final = 4
"""Values with fewer characters are not looked for: they would blank out ordinary words, and are no credentials."""

_SHORTEST_INSIDE: Final = 8
"""The least characters of base64 that are taken for a credential inside a longer text."""


class Scrubber:
    """Replaces exact values: as they are, escaped (JSON, URL, HTML, quoted-printable), in hex and in base64.

    Base64 is found wherever the value stands inside the encoded bytes, as in SMTP's AUTH PLAIN (RFC 4616).
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        values = {secret.reveal() for secret in secrets}
        forms = {form for value in values if len(value) >= SHORTEST for form in _forms(value)}
        longest_first = sorted((form for form in forms if len(form) >= SHORTEST), key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def scrub(self, text: str) -> str:
        """The text with every known value replaced by ``***``."""
        return self._pattern.sub(MASK, text) if self._pattern else text


def _forms(value: str) -> Iterator[str]:
    data = value.encode()
    yield value
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
    yield from (html.escape(value), html.escape(value, quote=False))
    for escaped in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield escaped
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), escaped)
    yield quopri.encodestring(data).decode("ascii")
    yield from (data.hex(), data.hex().upper())
    yield from (b64encode(data).decode(), urlsafe_b64encode(data).decode())
    yield from _inside_base64(data)


def _inside_base64(data: bytes) -> Iterator[str]:
    """The characters that the value alone decides, for each of the three places at which it may begin."""
    for before in range(3):
        bits = 8 * (before + len(data))
        first, last = -(-8 * before // 6), bits // 6
        for encode in (b64encode, urlsafe_b64encode):
            core = encode(bytes(before) + data).decode()[first:last]
            if len(core) >= _SHORTEST_INSIDE:
                yield core

"""Whether a message holds what somebody searches for: in its envelope, in its header as people read it, in its text.

Text that travels as base64 or quoted-printable is searched as people read it, too, in UTF-8. It is decoded where it
lies, without reading the message's structure, so that a search through everything stays quick. Not here: SQL
(``store``). Sources: RFC 2045 sections 6.7 and 6.8.
"""

import json
import re
from binascii import Error as NotBase64
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator
from typing import Final

_BASE64: Final = re.compile(rb"\n\r?\n([A-Za-z0-9+/=\r\n]+)")


def terms_of(words: str) -> tuple[str, ...]:
    """The words to look for. Case does not matter in any language (Unicode's case folding)."""
    return tuple(words.casefold().split())


def holds(terms: tuple[str, ...], sender: str, recipients: str, *texts: str, content: bytes) -> bool:
    """Whether every term occurs. ``recipients``: as the table has them, a JSON list; ``texts``: From and Subject."""
    head = " ".join((sender, *json.loads(recipients), *texts)).casefold()
    wanted = [term for term in terms if term not in head]
    plain = all(map(str.isascii, wanted))  # found in bytes, which is several times as fast
    for text in _texts(content) if wanted else ():
        wanted = _left(wanted, text, plain=plain)
        if not wanted:
            return True
    return not wanted


def _left(wanted: list[str], text: bytes, *, plain: bool) -> list[str]:
    """The terms that do not occur in it."""
    if plain:
        small = text.lower()
        return [term for term in wanted if term.encode() not in small]
    folded = text.decode("utf-8", "replace").casefold()
    return [term for term in wanted if term not in folded]


def _texts(content: bytes) -> Iterator[bytes]:
    """The message as it stands, then what its encodings hide."""
    yield content
    small = content.lower()
    if b"quoted-printable" in small:
        yield a2b_qp(content)
    for run in _BASE64.finditer(content) if b"base64" in small else ():
        try:
            yield a2b_base64(run[1])
        except NotBase64:  # a word of plain text
            continue

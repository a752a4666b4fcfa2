"""The credentials that the leak test plants, the forms in which it looks for them, and how they are found.

Written without ``stagemail.model``: what looks for a leak must not share the mistake that lets it through.
"""

import base64
import html
import json
import quopri
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

CANARIES: Final = (
    "canary-plain-7Qw9zK2m",
    "canary with blanks 4Tz8",
    "canary\"double'single7Yd",
    "canary\\back\\slash5Rk2",
    "canary/slash+plus=eq8Wn",
    "canary%25percent%2Fq3Lm",
    "canary&amp;<html>6Hs9vB",
    "canary-ümläut-ß-1Fg7xC",
    "canary-emoji-🐤-9Jp2sD",
    "canary{json:\"x\",[1]}0Va",
    "canary$dollar`tick`2Ne8",
    "canary#hash;semi:col4Ub",
    "canary@at!bang?what5Oc6",
    "canary=trailing=8Ij3==",
    "canary~tilde^caret|7Mb1",
    "CANARY-UPPER-0123456789",
    "canarY.dotted.name.3Xe5",
    "canary_under_score_6Zr4",
    "canary,comma,list,1Qs9w",
    "canary-jwt.eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0In0.c2ln",
    "canary-long-" + "".join(f"{n:03x}Zq" for n in range(40)),
    "-----BEGIN CANARY KEY-----\nMIIEvQIBADANBgkqhkiG9w0B5Hk7\nq83Jd0sLw2Xy6VbN1mCz4RtA\n-----END CANARY KEY-----",
)  # fmt: skip
"""22 values with what breaks encoders: quotes, blanks, lines, other scripts, every reserved character."""

ENCODINGS: Final = (
    "plain", "JSON", "URL", "form", "hex", "base64", "base64url", "quoted-printable", "HTML", "AUTH PLAIN",
)  # fmt: skip


def encoded(value: str) -> dict[str, str]:
    """The value in each encoding, as a platform or library may repeat it."""
    data = value.encode()
    return {
        "plain": value,
        "JSON": json.dumps(value),
        "URL": quote(value, safe=""),
        "form": quote_plus(value),
        "hex": data.hex(),
        "base64": base64.b64encode(data).decode(),
        "base64url": base64.urlsafe_b64encode(data).decode().rstrip("="),
        "quoted-printable": quopri.encodestring(data).decode(),
        "HTML": html.escape(value),
        "AUTH PLAIN": base64.b64encode(b"\0mailer@example.com\0" + data).decode(),
    }


def found(text: str | bytes, values: tuple[str, ...] = CANARIES) -> list[str]:
    """Every canary that is in the text, in any encoding, also where the text was folded: ``<number> <encoding>``."""
    whole = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    views = (whole, _joined(whole))
    hits = []
    for number, value in enumerate(values):
        for name, needles in _needles(value).items():
            if any(needle in view for needle in needles for view in views):
                hits.append(f"{number} {name}")
    return hits


def _joined(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _needles(value: str) -> dict[str, list[str]]:
    """What gives a value away: it in each encoding, and the middle of it, which is left where it was cut."""
    table = {name: [_joined(text).strip('"')] for name, text in encoded(value).items()}
    table["AUTH PLAIN"] = list(_aligned(value))
    table["read as Latin-1"] = [_joined(value.encode().decode("latin-1"))]
    table["part"] = [_joined(value)[4:20]]
    return table


def _aligned(value: str) -> Iterator[str]:
    """The middle of its base64 for each of the three places at which it may begin."""
    for before in range(3):
        yield base64.b64encode(b"x" * before + value.encode()).decode()[4:-4]

"""Webhooks as their senders sign them. A request that passes is only a hint to look; nothing in it is believed.

Sources: GitHub "Validating webhook deliveries"; GitLab "Webhooks" and its merge request 230944 (signing token, Standard
Webhooks); Gitea and Forgejo "Webhooks"; Bitbucket Cloud "Manage webhooks", Data Center "Event payload";
standardwebhooks.com. Not here: reading a request (``intake``), what a push says (``pushes``).
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from stagemail.model.secret import Secret
from stagemail.web.seen import Seen

HookType = Literal["github", "gitlab", "gitea", "bitbucket", "generic"]
Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case, as ASGI gives them, each as often as it was sent."""

TOLERANCE: Final = 300.0
"""Seconds by which a signed time may differ from ours (Standard Webhooks asks for a window)."""
MOST_SIGNATURES: Final = 5
"""Signatures in one ``webhook-signature``: a sender that rotates its key sends two."""
_HEX: Final = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Hook:
    """One address that a Git host calls: ``/hooks/<name>``."""

    name: str
    type: HookType
    secret: Secret


class Refused(Exception):
    """Why a request is not a hint. ``status`` is HTTP's; ``word`` is one of few, for counting."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.word = word
        self.message = message


def check_headers(hook: Hook, headers: Headers) -> None:
    """Refuse what no body can mend, before one is read. Raises Refused."""
    encoding = _one(headers, b"content-encoding")
    if encoding not in (None, b"", b"identity"):
        raise Refused(415, "encoded", "the body must not be compressed")
    _claims(hook, headers)


def verify(hook: Hook, headers: Headers, body: bytes, *, now: float, seen: Seen) -> None:
    """Whether the sender knows the hook's secret and sends this for the first time. Raises Refused.

    ``now``: seconds since 1970. Comparisons take the same time wherever texts differ.
    """
    claims = _claims(hook, headers)
    key = hook.secret.reveal().encode()
    if claims.token is not None:
        if not hmac.compare_digest(claims.token, key):
            raise Refused(401, "wrong-signature", "the token is not this hook's")
        once = _one(headers, b"idempotency-key") or _one(headers, b"x-gitlab-event-uuid") or sha256(body).digest()
        _first(seen, hook, b"token:" + once + sha256(body).digest(), now)
        return
    if claims.at is not None and abs(now - claims.at) > TOLERANCE:
        raise Refused(401, "too-old", "the signed time is more than five minutes away; check both clocks")
    expected = hmac.new(_standard(key) if claims.signed else key, claims.signed + body, sha256).digest()
    matches = [hmac.compare_digest(given, expected) for given in claims.digests]
    if not any(matches):
        raise Refused(401, "wrong-signature", "the signature does not fit body and secret")
    _first(seen, hook, expected, now)


@dataclass(frozen=True, slots=True)
class _Claims:
    """What the headers claim: a token, or digests over ``signed`` and the body, perhaps at a time."""

    token: bytes | None = None
    digests: tuple[bytes, ...] = ()
    signed: bytes = b""
    at: float | None = None


def _claims(hook: Hook, headers: Headers) -> _Claims:
    return _READERS[hook.type](headers)


def _hub_256(headers: Headers) -> _Claims:
    given = _one(headers, b"x-hub-signature-256")
    if given is None and _one(headers, b"x-hub-signature") is not None:
        raise Refused(401, "sha-1", "SHA-1 signatures are not accepted; X-Hub-Signature-256 is missing")
    return _Claims(digests=(_hexadecimal(given, b"sha256="),))


def _hub(headers: Headers) -> _Claims:
    given = _one(headers, b"x-hub-signature")
    if given is not None and given.startswith(b"sha1="):
        raise Refused(401, "sha-1", "SHA-1 signatures are not accepted; let Bitbucket sign with SHA-256")
    return _Claims(digests=(_hexadecimal(given, b"sha256="),))


def _gitea(headers: Headers) -> _Claims:
    given = _one(headers, b"x-forgejo-signature") or _one(headers, b"x-gitea-signature")
    return _Claims(digests=(_hexadecimal(given, b""),))


def _gitlab(headers: Headers) -> _Claims:
    if _one(headers, b"webhook-signature") is not None:
        return _standard_webhook(headers)
    token = _one(headers, b"x-gitlab-token")
    if not token:
        raise Refused(401, "no-signature", "neither webhook-signature nor X-Gitlab-Token was sent")
    return _Claims(token=token)


def _standard_webhook(headers: Headers) -> _Claims:
    """``v1,<base64 of HMAC-SHA-256 over id.timestamp.body>``, several with spaces between."""
    given, message, stamp = (_one(headers, name) for name in _STANDARD)
    if given is None or not message or stamp is None:
        raise Refused(401, "no-signature", "webhook-id, webhook-timestamp and webhook-signature are needed")
    if not stamp.isdigit() or len(stamp) > 12 or len(message) > 200:
        raise Refused(401, "malformed", "webhook-id or webhook-timestamp is malformed")
    parts = [part for part in given.split(b" ") if part.startswith(b"v1,")]
    if not parts or len(parts) > MOST_SIGNATURES:
        raise Refused(401, "malformed", "webhook-signature has no v1 signature, or too many")
    return _Claims(
        digests=tuple(_base64(part[3:]) for part in parts), signed=message + b"." + stamp + b".", at=float(stamp)
    )


_STANDARD: Final = (b"webhook-signature", b"webhook-id", b"webhook-timestamp")
_READERS: Final[Mapping[HookType, Callable[[Headers], _Claims]]] = {
    "github": _hub_256,
    "gitlab": _gitlab,
    "gitea": _gitea,
    "bitbucket": _hub,
    "generic": _standard_webhook,
}


def _one(headers: Headers, name: bytes) -> bytes | None:
    found = [value for key, value in headers if key == name]
    if len(found) > 1:
        raise Refused(400, "doubled", f"{name.decode('ascii')} was sent twice")
    return found[0].strip() if found else None


def _hexadecimal(given: bytes | None, prefix: bytes) -> bytes:
    if given is None:
        raise Refused(401, "no-signature", "the request is not signed")
    text = given.removeprefix(prefix).lower()
    if not given.startswith(prefix) or not _HEX.fullmatch(text):
        raise Refused(401, "malformed", "the signature is no SHA-256 in hexadecimal")
    return bytes.fromhex(text.decode("ascii"))


def _base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(401, "malformed", "the signature is not base64") from None


def _standard(key: bytes) -> bytes:
    """Standard Webhooks: ``whsec_`` and base64 are the bytes of the key; anything else is the key itself."""
    if not key.startswith(b"whsec_"):
        return key
    try:
        return base64.b64decode(key.removeprefix(b"whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return key


def _first(seen: Seen, hook: Hook, digest: bytes, now: float) -> None:
    if not seen.first(hook.name.encode() + b"\0" + digest, now):
        raise Refused(409, "replayed", "this delivery was taken before")

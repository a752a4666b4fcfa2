"""One DKIM key record: whether it can be used, and how strong it is (RFC 6376 section 3.6.1, RFC 8301, RFC 8463).

Not here: which selectors (``dkim_findings``), signing.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stagemail.mail.tags import tags_of

WEAK: Final = 1024
"""Bits of RSA below which verifiers take no signature (RFC 8301 section 3.2)."""
GOOD: Final = 2048
"""Bits of RSA that signers should use (RFC 8301 section 3.2)."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """``fault`` says why no verifier can use it, "" where it can. ``bits``: of the modulus, 0 where unknown."""

    kind: str = "rsa"
    bits: int = 0
    revoked: bool = False
    testing: bool = False
    fault: str = ""


def key_of(record: str) -> DkimKey:
    """The key of a record. Never raises."""
    tags = tags_of(record)
    if tags is None or "p" not in tags:
        return DkimKey(fault="it has no `p=` tag")
    kind = tags.get("k", "rsa").lower()
    testing = "y" in _listed(tags, "t", "")
    if not tags["p"]:
        return DkimKey(kind, revoked=True, testing=testing)
    fault = _unusable(tags)
    return DkimKey(kind, fault=fault) if fault else _told(kind, "".join(tags["p"].split()), testing=testing)


def _unusable(tags: Mapping[str, str]) -> str:
    """Why verifiers pass over the whole record (RFC 6376 section 3.6.1; SHA-1: RFC 8301 section 3.1)."""
    if tags.get("v", "DKIM1") != "DKIM1":
        return f"its version is `{tags['v'][:20]}`, not DKIM1"
    if next(iter(tags)) != "v" and "v" in tags:
        return "`v=` has to be its first tag"
    if not {"*", "email"} & _listed(tags, "s", "*"):
        return f"it is not for mail (`s={tags['s'][:40]}`)"
    if "sha256" not in _listed(tags, "h", "sha256"):
        return f"it allows no SHA-256 (`h={tags['h'][:40]}`), and nobody takes SHA-1"
    return ""


def _listed(tags: Mapping[str, str], name: str, default: str) -> set[str]:
    """A tag's values, which stand with colons between."""
    return {value.strip().lower() for value in tags.get(name, default).split(":")}


def _told(kind: str, text: str, *, testing: bool) -> DkimKey:
    try:
        der = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return DkimKey(kind, testing=testing, fault="its `p=` is no base64: often a record that was cut")
    if kind == "ed25519":
        fault = "" if len(der) == 32 else f"an Ed25519 key has 32 bytes, this one {len(der)}"
        return DkimKey(kind, 256, testing=testing, fault=fault)
    if kind != "rsa":
        return DkimKey(kind, testing=testing, fault=f"nobody knows keys of type `{kind}`")
    bits = _modulus(der)
    return DkimKey(kind, bits, testing=testing, fault="" if bits else "its `p=` is no RSA key: often a cut record")


def _modulus(der: bytes) -> int:
    """The bits of an RSA key's modulus, as SubjectPublicKeyInfo or RSAPublicKey (RFC 8017, A.1.1); 0 if it is none."""
    try:
        kind, body, _ = _element(der)
        first, inner, rest = _element(body)
        if kind == 0x30 and first == 0x30:  # AlgorithmIdentifier, then the key in a bit string
            _, string, _ = _element(rest)
            _, body, _ = _element(string[1:])
            first, inner, _ = _element(body)
    except IndexError:
        return 0
    return int.from_bytes(inner, "big").bit_length() if first == 0x02 else 0


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content and what follows of one DER element. Raises IndexError where it is cut."""
    length, at = data[1], 2
    if length & 0x80:
        at = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:at], "big")
    if len(data) < at + length:
        raise IndexError
    return data[0], data[at : at + length], data[at + length :]

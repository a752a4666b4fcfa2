"""Addresses in links and images: their scheme, host, and what a reader of the mail can reach.

Not here: the findings (``links``). Sources: RFC 3986, RFC 6761 (special names), RFC 6762 (.local).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

OF_PEOPLE = frozenset({"mailto", "tel", "sms", "geo", "maps", "webcal"})
OF_SCRIPTS = frozenset({"javascript", "vbscript", "data", "blob", "livescript"})
INSIDE = (
    "localhost",
    ".localhost",
    ".local",
    ".internal",
    ".lan",
    ".intranet",
    ".corp",
    ".home.arpa",
    ".test",
    ".invalid",
)
_SCHEME = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9+.\-\s\x00-\x1f]{0,40}):")
_NUMBER = re.compile(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+)){0,3}")


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed address. ``scheme`` "" is relative; ``host`` in lower case without port."""

    scheme: str
    host: str
    user: str
    broken: bool = False


@lru_cache(maxsize=1024)
def target_of(address: str) -> Target:
    """Read an address as clients do: white space and control characters inside the scheme do not count."""
    found = _SCHEME.match(address[:200])
    scheme = re.sub(r"[\s\x00-\x1f]", "", found[1]).lower() if found else ""
    text = address.strip()[:8000]
    if not scheme and text.startswith("//"):
        scheme, text = "https", f"https:{text}"
    if scheme not in ("http", "https"):
        return Target(scheme, "", "")
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").rstrip(".")
        return Target(scheme, host, parts.username or "", broken=not host or " " in host)
    except ValueError:
        return Target(scheme, "", "", broken=True)


def is_number(host: str) -> bool:
    """Whether the host is an IP address, in any of the spellings that clients take."""
    try:
        ip_address(host)
    except ValueError:
        return bool(_NUMBER.fullmatch(host))
    return True


def is_inside(host: str) -> bool:
    """Whether the name works in one's own network only."""
    return (
        host == "localhost" or host.endswith(INSIDE[1:]) or ("." not in host and ":" not in host and not host.isdigit())
    )


def same_site(one: str, other: str) -> bool:
    """Whether two hosts belong to one owner, by the public suffix list: it knows co.uk, and github.io."""
    return one == other or _site(one) == _site(other)


@lru_cache(maxsize=1)
def _list() -> PublicSuffixList:
    """Read it when two hosts differ: it takes as long as the rest of a review."""
    return PublicSuffixList()


def _site(host: str) -> str:
    return _list().privatesuffix(host) or host

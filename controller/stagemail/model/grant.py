"""Grants: which stage may read which secrets of a store, and where it may send them.

Destinations are compared as whole names. There are no patterns for them: a wildcard would let whoever may write a
stage's files, or its DNS, choose the host that receives the credential.
Not here: asking (``reconcile.credentials``), the operator file's YAML (``resources``).
"""

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from stagemail.dataclass import dataclass
from stagemail.model.secret import SecretRef

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One line of the operator file's ``grants``.

    ``keys`` is a key or a pattern in which ``*`` stands for anything but ``/``. ``destinations`` are
    ``host:port`` for SMTP and the token URL for OAuth 2.0, in any spelling that ``destination`` reads.
    """

    stages: tuple[str, ...]
    store: str
    keys: str
    destinations: tuple[str, ...]

    def covers(self, stage: str, ref: SecretRef) -> bool:
        """Whether the stage may read this secret at all."""
        return stage in self.stages and ref.store == self.store and _pattern(self.keys).fullmatch(ref.key) is not None

    def reaches(self, wanted: str) -> bool:
        """Whether secrets of this grant may be sent to this destination."""
        return destination(wanted) in {destination(known) for known in self.destinations}


@lru_cache(maxsize=1024)
def _pattern(keys: str) -> re.Pattern[str]:
    return re.compile("[^/]*".join(re.escape(part) for part in keys.split("*")), re.DOTALL)


@lru_cache(maxsize=4096)
def destination(text: str) -> str:
    """A destination in its one spelling: host in lower case without a final dot, default port of a URL left out.

    Raises ValueError for what is neither ``host:port`` nor an http(s) URL without user, query and fragment.
    """
    if "://" in text:
        return _url(text)
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"not a destination: {text!r}; write host:port or the token URL")
    return f"{_host(host)}:{int(port)}"


def smtp_destination(host: str, port: int) -> str:
    """The destination of an SMTP server; an IPv6 address gets its brackets."""
    return destination(f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}")


def _url(text: str) -> str:
    parts = urlsplit(text)
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    if scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"not a destination: {text!r}; write the token URL without user, query and fragment")
    port = parts.port or _DEFAULT_PORTS[scheme]
    name = _host(f"[{host}]" if ":" in host else host)
    where = name if port == _DEFAULT_PORTS[scheme] else f"{name}:{port}"
    return f"{scheme}://{where}{parts.path or '/'}"


def _host(host: str) -> str:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ip_address(bare)
    except ValueError:
        if any(char in bare for char in ":/@[] ") or not bare.strip("."):
            raise ValueError(f"not a host: {host!r}") from None
        return bare.rstrip(".").lower()
    return f"[{address}]" if address.version == 6 else str(address)

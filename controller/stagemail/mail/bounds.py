"""What a mail server may cost us: seconds, lines, bytes, addresses.

Not here: enforcing them (``wire``, ``connecting``).
Sources: RFC 5321 sections 4.5.3.1.5 (512 bytes of a reply line; extensions need more) and 4.5.3.2 (its timeouts are
minutes long, for mail that must arrive; a check may give up sooner).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """``resolve``, ``connect``, ``reply``: seconds of one such wait. ``total``: seconds of the whole conversation."""

    resolve: float = 10.0
    connect: float = 10.0
    reply: float = 30.0
    total: float = 90.0
    line: int = 4096
    """Bytes of one reply line."""
    lines: int = 128
    """Lines of one reply."""
    addresses: int = 8
    """Addresses of one host that are tried."""
    body: int = 64 * 1024
    """Bytes of a token endpoint's answer."""

"""Whether a host is written as an IP address instead of a name. Not here: looking names up (``connecting``)."""

from ipaddress import ip_address


def is_address(host: str) -> bool:
    """Whether it is an IPv4 or IPv6 address (RFC 1123, 2.1; RFC 4291, 2.2)."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

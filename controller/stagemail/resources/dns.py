"""How check-sender asks DNS: which resolver, how long it waits, and what a private relay sends from.

Not here: rules across the file (``operator_checks``), asking (``mail``).
"""

from ipaddress import ip_address
from typing import Annotated, Final

from pydantic import Field

from stagemail.resources.duration import LastingSeconds
from stagemail.resources.mail import route_fault
from stagemail.resources.shape import Shape, Unique, rule
from stagemail.resources.text import Host, Line

_FILE: Final = "stagemail design: the operator file"
PORT: Final = 53
"""The port of DNS (RFC 1035 section 4.2)."""
Lines = Annotated[list[Line], Field(max_length=20), Unique()]


class DnsChecks(Shape):
    """How `check-sender` asks DNS. Nothing in here is a secret."""

    nameservers: Lines = rule(
        "The resolvers to ask, as an address or address:port; left out: the system's.",
        example=["192.0.2.53", "127.0.0.1:5353"],
        source="RFC 1035",
        default=[],
    )
    timeout: LastingSeconds = rule("How long a name may take.", example="5s", source=_FILE, default="5s")
    relays: Annotated[dict[Host, Lines], Field(max_length=1000)] = rule(
        "What a private relay sends from, by its name: its addresses as the world sees them. Left out: the addresses "
        "of its name.",
        example={"smtp.example.com": ["203.0.113.25"]},
        source="RFC 7208 section 4 (the address that SPF judges)",
        default={},
    )


def nameserver_of(text: str) -> tuple[str, int]:
    """Address and port of a resolver. Raises ValueError."""
    try:
        return str(ip_address(text.removeprefix("[").removesuffix("]"))), PORT
    except ValueError:
        if route_fault(text):
            raise
    host, _, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def nameserver_fault(text: str) -> str:
    """Why this is no resolver; "" where it is one."""
    try:
        nameserver_of(text)
    except ValueError:
        return "it is neither an IP address nor address:port"
    return ""


def address_fault(text: str) -> str:
    """Why this is no address; "" where it is one."""
    try:
        ip_address(text)
    except ValueError:
        return "it is no IP address"
    return ""

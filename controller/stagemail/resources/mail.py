"""What mail checks may do: where they connect, whom they may write to, and what they call this machine.

Not here: rules across the file (``operator_checks``), what an address is (``model.egress``).
"""

from ipaddress import ip_address, ip_network
from typing import Annotated, Final

from pydantic import Field

from stagemail.model import grant as grants
from stagemail.model.egress import Egress
from stagemail.resources import formats
from stagemail.resources.shape import Shape, Unique, rule
from stagemail.resources.text import Line

_FILE: Final = "stagemail design: the operator file"
Lines = Annotated[list[Line], Field(max_length=1000), Unique()]


class MailChecks(Shape):
    """What preflight and test messages may do. Nothing in here is a secret."""

    destinations: Lines = rule(
        "Mail servers that may be connected to, as host:port, besides those that a grant names.",
        example=["relay.example.com:25"],
        source=_FILE,
        default=[],
    )
    networks: Lines = rule(
        "Inside addresses that may be connected to, as networks; public addresses always may. A metadata address needs "
        "a network of its own.",
        example=["10.20.0.0/16"],
        source="RFC 6890 (special-purpose addresses)",
        default=[],
    )
    routes: dict[Line, Line] = rule(
        "Mail servers that this machine reaches at another address: host:port to address:port. TLS is verified for "
        "the host.",
        example={"smtp.example.com:587": "10.20.0.5:2587"},
        source=_FILE,
        default={},
    )
    ca_file: Line | None = rule(
        "A file of certificate authorities (PEM) that checks trust besides the system's.",
        example="corporate-ca.pem",
        source="RFC 5280",
        default=None,
    )
    vantage: Line | None = rule(
        "What results call the machine that checks; left out: the CI service, or the machine's name.",
        example="runner in the data centre",
        source=_FILE,
        default=None,
    )
    test_recipients: Lines = rule(
        "Addresses, or domains as in @example.com, that `send-test` may write to where no test list is on.",
        example=["qa@example.com", "@testers.example.com"],
        source=_FILE,
        default=[],
    )
    accept_retired: Lines = rule(
        "Mail servers whose login its provider retired, and where your administrator switched it on again: a new "
        "configuration there is only warned of.",
        example=["smtp.office365.com"],
        source="stagemail design: the calendar of retired logins",
        default=[],
    )


def egress_of(checks: MailChecks, granted: list[str]) -> Egress:
    """The egress rules of the file. ``granted``: the destinations of its grants."""
    servers = frozenset(known for known in (*checks.destinations, *granted) if "://" not in known)
    routes = {grants.destination(known): to for known, to in checks.routes.items()}
    return Egress(servers, tuple(checks.networks), routes)


def network_fault(text: str) -> str:
    """Why this is no network; "" where it is one."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        return "it is neither an address nor a network"
    return ""


def route_fault(text: str) -> str:
    """Why this is no place to connect to; "" where it is one."""
    host, _, port = text.rpartition(":")
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return "it does not begin with an IP address"
    return "" if port.isascii() and port.isdecimal() and 0 < int(port) < 65536 else "it does not end with a port"


def server_fault(text: str) -> str:
    """Why this is no mail server; "" where it is one."""
    try:
        known = grants.destination(text)
    except ValueError:
        return "it is not host:port"
    if "://" in known:
        return "it is a URL"
    return formats.host_fault(known.rpartition(":")[0].removeprefix("[").removesuffix("]"))


def recipient_fault(text: str) -> str:
    """Why this is neither an address nor a domain after @; "" where it is one."""
    local, at, domain = text.rpartition("@")
    if not at or not domain or any(char in text for char in ' <>,;"\\') or not text.isprintable() or "@" in local:
        return "it is neither an address nor a domain after @"
    return formats.host_fault(domain)

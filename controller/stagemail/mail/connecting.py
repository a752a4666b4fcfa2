"""From a host's name to a connected socket, within the egress rules: the address that was checked is connected to.

A name is resolved once. One forbidden address among its addresses refuses the name: whoever mixes them is up to
something. Not here: which addresses are inside (``model.egress``), what is spoken (``wire``).
"""

import errno
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stagemail.mail.bounds import Bounds
from stagemail.mail.faults import Fault
from stagemail.mail.literal import is_address
from stagemail.model.egress import Egress
from stagemail.model.grant import smtp_destination


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was resolved and allowed. ``family`` is 4 or 6."""

    ip: str
    port: int

    @property
    def family(self) -> int:
        """The version of IP."""
        return 6 if ":" in self.ip else 4

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if self.family == 6 else f"{self.ip}:{self.port}"


def resolve(host: str, port: int, egress: Egress, bounds: Bounds, family: int = 0) -> tuple[Address, ...]:
    """The addresses of a host that may be connected to, in the resolver's order. Raises Fault."""
    routed = egress.routes.get(smtp_destination(host, port), "")
    if routed:
        name, _, number = routed.rpartition(":")
        host, port = name.strip("[]"), int(number)
    found = [Address(host, port)] if is_address(host) else _looked_up(host, port, bounds)
    for address in found:
        refusal = egress.refusal(address.ip)
        if refusal:
            what = refusal if host == address.ip else f"is {address.ip}, which {refusal}"
            raise Fault(
                "address-refused",
                f"{host} {what}: nothing was sent there",
                f"if that is your relay, add to `mail.networks` in the operator file: {_network(address)}",
            )
    chosen = tuple(address for address in found if family in (0, address.family))[: bounds.addresses]
    if not chosen:
        raise Fault("no-address", f"{host} has no IPv{family} address", "ask for the other IP version")
    return chosen


def connect(addresses: Sequence[Address], bounds: Bounds, seconds: float) -> tuple[socket.socket, Address, list[str]]:
    """A connected socket, its address, and why those before it did not answer. Raises Fault."""
    tried: list[str] = []
    reasons: list[str] = []
    for address in addresses:
        try:
            made = socket.create_connection((address.ip, address.port), min(bounds.connect, max(seconds, 0.1)))
        except OSError as error:
            code, words = _reason(error)
            reasons.append(code)
            tried.append(f"{address}: {words}")
        else:
            return made, address, tried
    raise _unreachable(reasons, tried)


def _unreachable(reasons: Sequence[str], tried: Sequence[str]) -> Fault:
    told = "; ".join(tried)
    if "refused" in reasons:
        return Fault(
            "port-refused",
            f"nothing listens there: {told}",
            "check `server.port`: 587 with starttls, 465 with tls",
        )
    if "timeout" in reasons:
        return Fault(
            "port-filtered",
            f"no answer, which is how a firewall drops a port: {told}",
            "let this machine out to that port; many clouds and runners block 25, 587 is often open",
            retry=True,
        )
    return Fault("unreachable", f"no way there: {told}", "check routing and firewall of this machine", retry=True)


def _looked_up(host: str, port: int, bounds: Bounds) -> list[Address]:
    """In a thread, because a resolver may take minutes and cannot be interrupted."""
    answer: list[Any] = []

    def look() -> None:
        try:
            answer.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    worker = threading.Thread(target=look, name="resolve", daemon=True)
    worker.start()
    worker.join(bounds.resolve)
    if not answer:
        raise Fault(
            "resolver-timeout",
            f"the name server gave no answer on {host} within {bounds.resolve:.0f} s",
            "check this machine's resolver (/etc/resolv.conf)",
            retry=True,
        )
    if isinstance(answer[0], Exception):
        raise _unknown(host, answer[0])
    found = [Address(str(row[4][0]).partition("%")[0], port) for row in answer[0]]
    return list(dict.fromkeys(found))


def _unknown(host: str, error: Exception) -> Fault:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return Fault(
            "resolver-failed",
            f"the name server could not answer on {host}",
            "check this machine's resolver (/etc/resolv.conf), then try again",
            retry=True,
        )
    return Fault(
        "unknown-host", f"no name server knows {host}", "check `server.host`; an inside name needs an inside resolver"
    )


def _reason(error: OSError) -> tuple[str, str]:
    if isinstance(error, TimeoutError):
        return "timeout", "no answer"
    if error.errno == errno.ECONNREFUSED:
        return "refused", "refused"
    return "unreachable", (error.strerror or type(error).__name__).lower()


def _network(address: Address) -> str:
    return f'"{address.ip}/{128 if address.family == 6 else 32}"'

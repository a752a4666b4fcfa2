"""Where mail checks may connect: destinations that the operator file names, and addresses that are not inside.

A stage's files choose the host, and DNS chooses the address; neither may reach what only this machine can reach.
Not here: resolving and connecting (``mail.connecting``), the operator file's YAML (``resources``).
Sources: RFC 6890 (special-purpose addresses), RFC 6052 (NAT64), RFC 4291 section 2.5.5.2 (mapped addresses); the
metadata addresses are those of AWS (instances, ECS, EKS), Azure (and its WireServer, which is a public address),
Google Cloud, Oracle Cloud and Alibaba Cloud.
"""

from collections.abc import Mapping
from dataclasses import field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.model.grant import destination, smtp_destination

Address = IPv4Address | IPv6Address

METADATA: Final = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200", "192.0.0.192",
        "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
    )
)  # fmt: skip
"""Cloud metadata services hand out credentials: only a network of exactly that address lets them be reached."""
_NAT64: Final = IPv6Network("64:ff9b::/96")
_SHARED: Final = ip_network("100.64.0.0/10")


@dataclass(frozen=True, slots=True)
class Egress:
    """``destinations``: ``host:port`` of mail servers. ``networks``: inside addresses that may be reached, in CIDR.

    ``routes``: a destination that is connected to at another ``address:port`` (a split view of DNS, a tunnel); its
    address needs a network like any other.
    """

    destinations: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    routes: Mapping[str, str] = field(default_factory=dict)

    def allows(self, host: str, port: int) -> bool:
        """Whether the operator names this mail server."""
        return smtp_destination(host, port) in {destination(known) for known in self.destinations}

    def refusal(self, text: str) -> str:
        """Why this address may not be connected to, or "". What cannot be read is refused."""
        try:
            address = embedded(ip_address(text.partition("%")[0]))
        except ValueError:
            return "is no IP address"
        kind = kind_of(address)
        if not kind:
            return ""
        networks = [ip_network(known, strict=False) for known in self.networks]
        inside = [net for net in networks if net.version == address.version and address in net]
        if address in METADATA:
            return "" if any(net.num_addresses == 1 for net in inside) else kind
        return "" if inside else kind


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, NAT64, 6to4, Teredo), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return address if inner is None else inner


def kind_of(address: Address) -> str:
    """What is special about an address, in words; "" for one that is public."""
    private = address in _SHARED or (address.is_private and not address.is_reserved)
    kinds = (
        (address in METADATA, "is a cloud metadata service"),
        (address.is_loopback, "is this machine (loopback)"),
        (address.is_link_local, "is link-local"),
        (address.is_unspecified or address.is_multicast, "is no address of one host"),
        (private or _is_site_local(address), "is private"),
        (address.is_reserved or not address.is_global, "is reserved"),
    )
    return next((words for special, words in kinds if special), "")


def _is_site_local(address: Address) -> bool:
    """The private addresses of IPv6 until 2004 (RFC 3879), which the library takes for public."""
    return isinstance(address, IPv6Address) and address.is_site_local

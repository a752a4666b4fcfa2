"""What stands in commands and messages: addresses, the name we give, EHLO's lines, a message's dots. Pure.

Not here: sending them (``conversation``).
Sources: RFC 5321 sections 4.1.1.1, 4.1.3 and 4.5.2, RFC 1870 (SIZE), RFC 6531 (SMTPUTF8).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stagemail.mail.faults import Fault
from stagemail.model.probe import Fact


@dataclass(frozen=True, slots=True)
class Offers:
    """What a server offers, by keyword."""

    keywords: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.keywords

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The AUTH mechanisms, in the server's order."""
        return tuple(dict.fromkeys(self.keywords.get("AUTH", "").upper().split()))

    @property
    def limit(self) -> int:
        """SIZE in bytes; 0 where there is none."""
        written = self.keywords.get("SIZE", "").split(" ")[0]
        return int(written) if written.isascii() and written.isdecimal() and len(written) < 16 else 0

    @property
    def facts(self) -> dict[str, Fact]:
        """What a report tells of it."""
        told: dict[str, Fact] = {
            "extensions": tuple(sorted(self.keywords)),
            "starttls": "STARTTLS" in self,
            "auth": self.mechanisms,
            "8bitmime": "8BITMIME" in self,
            "smtputf8": "SMTPUTF8" in self,
        }
        return {**told, "size": self.limit} if self.limit else told


def offers_of(lines: tuple[str, ...]) -> Offers:
    """The lines of a reply to EHLO; ``AUTH=`` is an old spelling of ``AUTH``."""
    found: dict[str, str] = {}
    for line in lines[1:]:
        keyword, _, parameters = line.strip().replace("AUTH=", "AUTH ", 1).partition(" ")
        if keyword:
            found[keyword.upper()] = f"{found.get(keyword.upper(), '')} {parameters}".strip()
    return Offers(found)


def international(address: str, offers: Offers) -> str:
    """The parameter that an address needs. Raises Fault where the server does not offer it."""
    if address.isascii():
        return ""
    if "SMTPUTF8" in offers:
        return " SMTPUTF8"
    raise Fault(
        "smtputf8-missing",
        f"{address} needs SMTPUTF8 (RFC 6531), which the server does not offer",
        "write an address in ASCII; a domain has an ASCII form (xn--…)",
    )


def stuffed(content: bytes) -> bytes:
    """A message as it goes over the wire: CRLF line ends, dots doubled, and the final dot (RFC 5321 section 4.5.2)."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b"\r\n.\r\n"


def helo_name(hostname: str) -> str:
    """The name to give in EHLO: this machine's where it is a whole one, else an address literal (RFC 5321, 4.1.3)."""
    return hostname if "." in hostname and hostname.isascii() else "[127.0.0.1]"


def mailbox(address: str) -> str:
    """An address that may stand in a command. Raises Fault for one that would be more than an address."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or any(char in ' <>"(),:;\\' or not char.isprintable() for char in address):
        raise Fault("bad-address", "an address holds characters that no plain address has", "write user@example.com")
    return address

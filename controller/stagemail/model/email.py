"""The fields of an email configuration: names, units, and the order of recipients.

Units: ``port`` is a TCP port (1-65535); ``recipients.testList`` is a tuple of mailboxes.
Not here: YAML shapes (``resources``), platform spellings (``target``).
"""

import re
from collections.abc import Mapping
from typing import Final

from stagemail.model.field import FieldSpec, Specs, Value

HOST: Final = "server.host"
PORT: Final = "server.port"
SECURITY: Final = "server.security"
AUTH_TYPE: Final = "authentication.type"
USERNAME: Final = "authentication.username"
PASSWORD: Final = "authentication.password"  # noqa: S105 - the name of the field, not a password
TOKEN_URL: Final = "authentication.tokenUrl"  # noqa: S105 - the name of the field
CLIENT_ID: Final = "authentication.clientId"
CLIENT_SECRET: Final = "authentication.clientSecret"  # noqa: S105 - the name of the field
SCOPES: Final = "authentication.scopes"
SENDER_NAME: Final = "sender.name"
SENDER_ADDRESS: Final = "sender.address"
RECIPIENTS_MODE: Final = "recipients.mode"
TEST_LIST: Final = "recipients.testList"

SET_IN_APP: Final = "set-in-app"
TEST_LIST_MODE: Final = "test-list"

CONNECTION: Final = "connection"
SENDER: Final = "sender"
RECIPIENTS: Final = "recipients"

SPECS: Final = Specs(
    FieldSpec(HOST, CONNECTION),
    FieldSpec(PORT, CONNECTION),
    FieldSpec(SECURITY, CONNECTION),
    FieldSpec(AUTH_TYPE, CONNECTION, "authentication"),
    FieldSpec(USERNAME, CONNECTION, "authentication"),
    FieldSpec(PASSWORD, CONNECTION, "authentication", secret=True),
    FieldSpec(TOKEN_URL, CONNECTION, "authentication"),
    FieldSpec(CLIENT_ID, CONNECTION, "authentication"),
    FieldSpec(CLIENT_SECRET, CONNECTION, "authentication", secret=True),
    FieldSpec(SCOPES, CONNECTION, "authentication"),
    FieldSpec(SENDER_NAME, SENDER),
    FieldSpec(SENDER_ADDRESS, SENDER),
    FieldSpec(RECIPIENTS_MODE, RECIPIENTS, "recipients"),
    FieldSpec(TEST_LIST, RECIPIENTS, "recipients"),
)

SECURITY_ORDER: Final = {"none": 0, "starttls": 1, "tls": 2}
"""Transport security from weak to strong (RFC 3207 STARTTLS, RFC 8314 implicit TLS)."""

DEFAULT_PORT: Final = 25
"""The port of a configuration that leaves it out (RFC 5321, 4.5.4.2)."""


_ATOM: Final = r"""[^\s\x00-\x1f()<>@,:;."\[\]\\]+"""
_ADDRESS: Final = rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*"
_PLAIN: Final = re.compile(rf"({_ATOM}(?: {_ATOM})*) <({_ADDRESS})>|({_ADDRESS})")
"""A mailbox without quotes, comments or folding: nearly all are so. Reading RFC 5322 in full takes 20 times as long."""


def parts_of(mailbox: str) -> tuple[str, str]:
    """The display name of a mailbox ("" where it has none) and its bare address, with its domain in lower case."""
    plain = _PLAIN.fullmatch(mailbox)
    name, address = (plain[1] or "", plain[2] or plain[3]) if plain else _read_in_full(mailbox)
    local, at, domain = address.rpartition("@")
    return name, f"{local}{at}{domain.lower()}"


def _read_in_full(mailbox: str) -> tuple[str, str]:
    from email.utils import parseaddr  # noqa: PLC0415 - loads sockets and six modules more, for mailboxes that are odd

    return parseaddr(mailbox)


def route_in(address: str) -> str:
    """Why this address is refused: a relay may read a route in it, and send it on elsewhere (RFC 5321, C); else ""."""
    local = address.rpartition("@")[0]
    return "write it without % and !, which some relays read as a way to elsewhere" if set(local) & set("%!") else ""


def address_of(mailbox: str) -> str:
    """The bare address of a mailbox, with its domain in lower case."""
    return parts_of(mailbox)[1]


def domain_of(mailbox: str) -> str:
    """The domain of a mailbox, in lower case."""
    return address_of(mailbox).rpartition("@")[2]


def reaches_real_people(fields: Mapping[str, Value]) -> bool:
    """Whether mail goes where the app says: anything but an active test list does."""
    return fields.get(RECIPIENTS_MODE) != TEST_LIST_MODE


def widens(before: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    """Whether recipients go from a test list to real people: the order is test-list < set-in-app."""
    return reaches_real_people(after) and not reaches_real_people(before)

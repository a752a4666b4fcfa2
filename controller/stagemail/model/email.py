"""The fields of an email configuration: names, units, and the order of recipients.

Units: ``port`` is a TCP port (1-65535); ``recipients.testList`` is a tuple of mailboxes.
Not here: YAML shapes (``resources``), platform spellings (``target``).
"""

from collections.abc import Mapping
from email.utils import parseaddr
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


def address_of(mailbox: str) -> str:
    """The bare address of a mailbox, with its domain in lower case."""
    address = parseaddr(mailbox)[1]
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def domain_of(mailbox: str) -> str:
    """The domain of a mailbox, in lower case."""
    return address_of(mailbox).rpartition("@")[2]


def reaches_real_people(fields: Mapping[str, Value]) -> bool:
    """Whether mail goes where the app says: anything but an active test list does."""
    return fields.get(RECIPIENTS_MODE) != TEST_LIST_MODE


def widens(before: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    """Whether recipients go from a test list to real people: the order is test-list < set-in-app."""
    return reaches_real_people(after) and not reaches_real_people(before)

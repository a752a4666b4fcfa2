"""A conversation with a mail server, as data: what it is held with, how far it goes, and what each of its steps gave.

Units: durations are seconds, sizes are bytes. A ``Secret`` in here never shows.
Not here: speaking SMTP (``mail``), reading secrets (``reconcile.credentials``), wording of a report (``report``).
Sources: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 6749 section 4.4 (client credentials).
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from stagemail.dataclass import dataclass
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.grant import smtp_destination
from stagemail.model.secret import Secret

Security = Literal["none", "starttls", "tls"]
Mechanism = Literal["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"]
StepName = Literal[
    "resolve", "connect", "tls", "greeting", "ehlo", "starttls", "ehlo-secured", "token", "auth",
    "mail-from", "rcpt-to", "data", "rset", "quit",
]  # fmt: skip
StepStatus = Literal["passed", "warned", "failed", "skipped"]
Delivery = Literal["accepted", "refused", "unknown", "not-sent"]
Fact = str | int | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Basic:
    """A login with user name and password."""

    username: str
    password: Secret


@dataclass(frozen=True, slots=True)
class OAuth2:
    """A login as ``username`` with a token that client credentials buy. ``scopes`` may be empty."""

    username: str
    token_url: str
    client_id: str
    client_secret: Secret
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and how to enter it. ``authentication`` None: without a login."""

    host: str
    port: int
    security: Security
    authentication: Basic | OAuth2 | None = None

    @property
    def destination(self) -> str:
        """``host:port`` in the one spelling of grants."""
        return smtp_destination(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a conversation goes; nothing is ever sent.

    ``until`` "auth" ends after the login (connect, TLS, AUTH), "sender" after MAIL FROM and the asked RCPT TO.
    ``sender`` "" leaves MAIL FROM out. ``mechanism``: try only this one; None takes the best that is offered.
    """

    until: Literal["auth", "sender"] = "sender"
    sender: str = ""
    recipients: tuple[str, ...] = ()
    mechanism: Mechanism | None = None
    family: Literal[0, 4, 6] = 0
    """Only addresses of this IP version; 0: both, in the order of the resolver."""


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One step of a conversation.

    ``reply``: what the server said, at most 300 characters, no control characters. ``code`` names the cause (stable),
    ``cause`` says it in words, ``next_step`` what to do; ``source`` is where a provider explains it.
    """

    name: StepName
    status: StepStatus
    seconds: float = 0.0
    facts: Mapping[str, Fact] = field(default_factory=dict)
    reply: str = ""
    code: str = ""
    cause: str = ""
    next_step: str = ""
    source: str = ""
    retry: bool = False
    """Whether the same may succeed later as it is (a 4yz reply, a timeout)."""


@dataclass(frozen=True, slots=True)
class Probed:
    """A whole conversation. ``vantage`` says from where it was seen: never from the platform itself."""

    destination: str
    vantage: str
    steps: tuple[ProbeStep, ...]
    provider: str = ""
    """The provider that the host is known to belong to, or ""."""

    @property
    def failure(self) -> ProbeStep | None:
        """The step that ended it, or None."""
        return next((step for step in self.steps if step.status == "failed"), None)

    @property
    def passed(self) -> bool:
        """Whether every step that was asked for succeeded."""
        return self.failure is None

    @property
    def warnings(self) -> tuple[ProbeStep, ...]:
        """Steps that succeeded, and about which somebody should know something."""
        return tuple(step for step in self.steps if step.status == "warned")

    def step(self, name: StepName) -> ProbeStep | None:
        """The step of this name, if the conversation came to it."""
        return next((step for step in self.steps if step.name == name), None)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: its envelope, and its bytes with CRLF line ends."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a letter.

    "unknown": the whole message may have left and no answer came. "not-sent": it certainly did not leave.
    """

    probed: Probed
    delivery: Delivery


def server_of(fields: Mapping[str, Value], secrets: Mapping[str, Secret]) -> Server:
    """The server that a configuration's fields name; ``secrets`` by field name. Raises KeyError for a missing secret.

    With OAuth 2.0 the mailbox that logs in is the sender's address: a configuration has no other.
    """
    port = fields.get(email.PORT)
    security: Any = fields.get(email.SECURITY, "starttls")
    return Server(
        host=str(fields.get(email.HOST, "")),
        port=port if isinstance(port, int) else email.DEFAULT_PORT,
        security=security,
        authentication=_authentication(fields, secrets),
    )


def _authentication(fields: Mapping[str, Value], secrets: Mapping[str, Secret]) -> Basic | OAuth2 | None:
    kind = fields.get(email.AUTH_TYPE)
    if kind == "basic":
        return Basic(str(fields.get(email.USERNAME, "")), secrets[email.PASSWORD])
    if kind == "oauth2":
        scopes = fields.get(email.SCOPES)
        return OAuth2(
            str(fields.get(email.SENDER_ADDRESS, "")),
            str(fields.get(email.TOKEN_URL, "")),
            str(fields.get(email.CLIENT_ID, "")),
            secrets[email.CLIENT_SECRET],
            tuple(str(scope) for scope in scopes) if isinstance(scopes, tuple | list) else (),
        )
    return None

"""EmailConfiguration: the mail server, authentication, sender and recipients of one or more stages.

Not here: which stage a document belongs to (``source.claims``), what a platform can do with a field (``target``).
"""

from typing import Annotated, Literal

from pydantic import Field

from stagemail.model.email import DEFAULT_PORT
from stagemail.resources.recipients import Recipients
from stagemail.resources.secret_reference import SecretReference
from stagemail.resources.shape import Document, Metadata, Shape, Unique, rule
from stagemail.resources.stages import METADATA, METADATA_SOURCE, STAGES, STAGES_SOURCE, StageNames
from stagemail.resources.text import Address, DisplayName, DkimSelector, Host, Line, TokenUrl

_SMTP = "ODC docs: email configuration of a stage"
_OAUTH = "ODC docs: OAuth 2.0 client credentials for SMTP; RFC 6749 section 4.4"
_BASIC = "ODC docs: basic authentication for SMTP; RFC 4954"


class Server(Shape):
    """The SMTP server that apps hand their mail to."""

    host: Host = rule(
        "Name or IP address of the SMTP server.", example="smtp.example.com", source="RFC 5321 section 2.3.5"
    )
    port: Annotated[int, Field(ge=1, le=65535)] = rule(
        "TCP port of the SMTP server; left out: 25. ODC does not support 25: write 587.",
        example=587,
        source="RFC 5321 section 4.5.4.2; ODC docs: port 25 is not supported",
        default=DEFAULT_PORT,
    )
    security: Literal["starttls", "tls", "none"] = rule(
        "Transport security: STARTTLS after connecting, TLS from the first byte, or none; left out: starttls.",
        example="starttls",
        source="RFC 3207 (STARTTLS), RFC 8314 (implicit TLS)",
        default="starttls",
    )


class NoAuthentication(Shape):
    """The server takes mail without a login."""

    type: Literal["none"] = rule(
        "No login.", example="none", source="stagemail design: authentication left out means none"
    )


class BasicAuthentication(Shape):
    """A login with user name and password."""

    type: Literal["basic"] = rule("User name and password.", example="basic", source=_BASIC)
    username: Line = rule("The user name.", example="mailer@example.com", source=_BASIC)
    password: SecretReference = rule(
        "The password, as a reference into a secret store.",
        example={"secretRef": {"store": "env", "key": "SMTP_QA"}},
        source=_BASIC,
    )


class OAuth2Authentication(Shape):
    """A login with an access token from OAuth 2.0 client credentials."""

    type: Literal["oauth2"] = rule("OAuth 2.0 client credentials.", example="oauth2", source=_OAUTH)
    token_url: TokenUrl = rule(
        "The token endpoint, https only.", example="https://login.example.com/oauth2/v2.0/token", source=_OAUTH
    )
    client_id: Line = rule("The client's public id.", example="3f2a91c0-mailer", source=_OAUTH)
    client_secret: SecretReference = rule(
        "The client's secret, as a reference into a secret store.",
        example={"secretRef": {"store": "env", "key": "SMTP_OAUTH_QA"}},
        source=_OAUTH,
    )
    scopes: Annotated[list[Line], Field(max_length=50), Unique()] = rule(
        "The scopes to ask for; left out: none.",
        example=["https://outlook.office365.com/.default"],
        source="RFC 6749 section 3.3",
        default=[],
    )


Authentication = Annotated[NoAuthentication | BasicAuthentication | OAuth2Authentication, Field(discriminator="type")]


class Sender(Shape):
    """Whom mail comes from."""

    name: DisplayName | None = rule(
        "The display name.", example="Example QA", source="RFC 5322 section 3.4", default=None
    )
    address: Address = rule(
        "The sender's address.",
        example="no-reply@qa.example.com",
        source="ODC docs: default sender; RFC 5321 section 4.1.2",
    )
    dkim_selectors: Annotated[list[DkimSelector], Field(max_length=10), Unique()] = rule(
        "The DKIM selectors that the relay signs with, for `stagemail check-sender`; the platform is not told of them.",
        example=["selector1", "selector2"],
        source="RFC 6376 section 3.1",
        default=[],
    )
    envelope_domain: Host | None = rule(
        "The domain of the envelope's sender (where bounces go), for `stagemail check-sender`; left out: what the "
        "relay's provider documents, else the sender's own.",
        example="bounce.example.com",
        source="RFC 7208 section 2.4; RFC 5321 section 4.4 (return path)",
        default=None,
    )


class EmailConfigurationSpec(Shape):
    """What the configuration is."""

    stages: StageNames | None = rule(STAGES, example=["qa"], source=STAGES_SOURCE, default=None)
    server: Server = rule("The SMTP server.", example={"host": "smtp.example.com", "port": 587}, source=_SMTP)
    authentication: Authentication | None = rule(
        "How apps log in to the server; left out: none.", example={"type": "none"}, source=_SMTP, default=None
    )
    sender: Sender | None = rule(
        "Whom mail comes from; left out: stagemail leaves the sender alone.",
        example={"name": "Example QA", "address": "no-reply@qa.example.com"},
        source=_SMTP,
        default=None,
    )
    recipients: Recipients = rule(
        "Who gets the mail of every bound app whose binding says nothing else.",
        example={"mode": "test-list", "testList": [{"address": "qa@example.com"}]},
        source=_SMTP,
    )


class EmailConfiguration(Document):
    """The email configuration of one or more stages; a stage has at most one."""

    kind: Literal["EmailConfiguration"] = rule("This kind.", example="EmailConfiguration", source=_SMTP)
    metadata: Metadata = rule(METADATA, example={"name": "corporate-relay"}, source=METADATA_SOURCE)
    spec: EmailConfigurationSpec = rule(
        "What the configuration is.",
        example={"server": {"host": "smtp.example.com", "port": 587}, "recipients": {"mode": "set-in-app"}},
        source=_SMTP,
    )

"""Which secrets a stage uses, and where each would be sent: what grants are asked for.

Apply, preflight and test mail all take their secrets from here, so that a file which keeps the secret and changes the
host is refused by all of them alike. Not here: the grants and the stores (``credentials``).
"""

from collections.abc import Mapping

from stagemail.model import email
from stagemail.model.grant import smtp_destination
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Configuration, Desired
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.granting import Use


def destinations(configuration: Configuration, field: str) -> tuple[str, ...]:
    """Where the platform would send this secret, or what it buys: the SMTP server, and the token endpoint.

    A client secret goes to the token endpoint (RFC 6749, 4.4), and the token that it buys goes to the SMTP server.
    """
    fields = configuration.fields
    port = fields.get(email.PORT)
    number = port if isinstance(port, int) else email.DEFAULT_PORT
    server = smtp_destination(str(fields.get(email.HOST, "")), number)
    return (server, str(fields.get(email.TOKEN_URL, ""))) if field == email.CLIENT_SECRET else (server,)


def uses_of(desired: Desired | None) -> dict[str, Use]:
    """The secrets of a stage's configuration with where each would be sent, by field, sorted."""
    configuration = desired.configuration if desired else None
    if desired is None or configuration is None:
        return {}
    return {
        name: Use(desired.stage, ref, destinations(configuration, name))
        for name, ref in sorted(configuration.fields.items())
        if isinstance(ref, SecretRef)
    }


def secrets_for(desired: Desired, credentials: Credentials) -> Mapping[str, Secret]:
    """The values of a stage's secrets by field, for whoever logs in to its server: preflight, test mail.

    Raises GrantRefused before any store is asked where the operator file does not grant a secret for where the
    configuration sends it, then what the store raises.
    """
    uses = uses_of(desired)
    return {name: credentials.resolve(use.stage, use.ref, use.destinations)[0] for name, use in uses.items()}

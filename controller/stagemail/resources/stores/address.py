"""What the settings of several stores share: an address, a variable's name, a certificate authority.

Not here: the stores' own settings (one module each).
"""

from typing import Annotated, Any

from pydantic import StringConstraints

from stagemail.resources.shape import rule
from stagemail.resources.text import Line

Address = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+/?$")]
"""Scheme, host and port; no path, no user and no query that could lead elsewhere."""
SecureAddress = Annotated[str, StringConstraints(pattern=r"^https://[A-Za-z0-9.:\[\]-]+/?$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
"""The name of an environment variable."""
OptionalLine = Line | None


def timeout() -> Any:
    """The field for the time that one read may take in all."""
    return rule(
        "How long one read may take in all, its login and its tries included, however slowly the answer drips.",
        example="60s",
        source="stagemail design: the operator file",
        default="60s",
    )


def ca_file(source: str) -> Any:
    """The field for a private certificate authority."""
    return rule(
        "The certificate authority that signed the server's certificate, as PEM; left out: the usual ones. A relative "
        "path starts at the operator file.",
        example="/etc/ssl/store-ca.pem",
        source=source,
        default=None,
    )

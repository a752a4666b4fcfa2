"""Settings of the secret store azure-key-vault. Not here: reading it (``secret``)."""

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from stagemail.resources.duration import LastingSeconds
from stagemail.resources.shape import Shape, rule
from stagemail.resources.stores.address import OptionalLine, SecureAddress, Variable, ca_file, timeout
from stagemail.resources.text import Line

_STORES = "stagemail design: the operator file"
_DOCS = "Azure docs: Key Vault secrets"
_IDENTITY = "Azure docs: azure-identity credential classes"
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,128}$")]
METHODS = Literal["default", "managed-identity", "workload-identity", "client-secret", "client-certificate", "cli"]


class AzureLogin(Shape):
    """How stagemail logs in. The credential itself is in an environment variable or in a file, never here."""

    method: METHODS = rule(
        "default (DefaultAzureCredential), managed-identity, workload-identity, client-secret, client-certificate or "
        "cli.",
        example="managed-identity",
        source=_IDENTITY,
        default="default",
    )
    tenant_id: Id | None = rule(
        "The tenant; required for client-secret and client-certificate.",
        example="00000000-0000-0000-0000-000000000001",
        source=_IDENTITY,
        default=None,
    )
    client_id: Id | None = rule(
        "The application's or the user-assigned managed identity's client id.",
        example="00000000-0000-0000-0000-000000000002",
        source=_IDENTITY,
        default=None,
    )
    variable: Variable | None = rule(
        "The environment variable with the client secret.",
        example="AZURE_CLIENT_SECRET",
        source=_IDENTITY,
        default=None,
    )
    file: Line | None = rule(
        "The file with the client secret, with the certificate and its key as PEM, or with the workload's token. A "
        "relative path starts at the operator file.",
        example="/run/secrets/azure.pem",
        source=_IDENTITY,
        default=None,
    )
    authority: SecureAddress | None = rule(
        "The login server; left out: https://login.microsoftonline.com. Another one is trusted as it is.",
        example="https://login.microsoftonline.us",
        source=_IDENTITY,
        default=None,
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        explicit = self.method in ("client-secret", "client-certificate")
        if explicit and not (self.tenant_id and self.client_id):
            raise ValueError(f"{self.method} needs `tenantId` and `clientId`")
        if self.variable and self.file:
            raise ValueError("`variable` and `file` both say where the credential is: keep one of them")
        if self.method == "client-secret" and not (self.variable or self.file):
            raise ValueError("say where the client secret is: `variable` or `file`")
        if self.method == "client-certificate" and not self.file:
            raise ValueError("say where the certificate is: `file`")
        if self.variable and self.method != "client-secret":
            raise ValueError(f"{self.method} takes no `variable`")
        if self.file and self.method not in ("client-secret", "client-certificate", "workload-identity"):
            raise ValueError(f"{self.method} takes no `file`")
        return self


class AzureKeyVaultStore(Shape):
    """Azure Key Vault, the secrets of one vault."""

    type: Literal["azure-key-vault"] = rule("Azure Key Vault.", example="azure-key-vault", source=_STORES)
    vault_url: SecureAddress = rule(
        "The vault's address; a key cannot leave it.", example="https://example-mail.vault.azure.net", source=_DOCS
    )
    login: AzureLogin = rule(
        "How stagemail logs in; left out: DefaultAzureCredential.",
        example={"method": "managed-identity"},
        source=_IDENTITY,
        default=AzureLogin(),
    )
    ca_file: OptionalLine = ca_file(_DOCS)
    timeout: LastingSeconds = timeout()

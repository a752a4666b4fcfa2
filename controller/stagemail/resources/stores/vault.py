"""Settings of the secret store vault. Not here: reading it (``secret``)."""

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from stagemail.resources.duration import LastingSeconds
from stagemail.resources.shape import Shape, rule
from stagemail.resources.stores.address import Address, OptionalLine, Variable, ca_file, timeout
from stagemail.resources.text import Line

_STORES = "stagemail design: the operator file"
_DOCS = "Vault docs: KV version 2, auth methods"
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$")]


class VaultLogin(Shape):
    """How stagemail logs in. The credential itself is in an environment variable or in a file, never here."""

    method: Literal["token", "approle", "kubernetes", "jwt"] = rule(
        "token, approle, kubernetes or jwt.", example="approle", source=_DOCS
    )
    mount: Path = rule(
        "Where the method is mounted; left out: its name.", example="approle", source=_DOCS, default="default"
    )
    role: Line = rule("The role, for kubernetes and jwt.", example="stagemail", source=_DOCS, default="default")
    role_variable: Variable = rule(
        "The environment variable with the role id, for approle; left out: VAULT_ROLE_ID.",
        example="VAULT_ROLE_ID",
        source=_DOCS,
        default="VAULT_ROLE_ID",
    )
    variable: Variable | None = rule(
        "The environment variable with the token, secret id or JWT.",
        example="VAULT_SECRET_ID",
        source=_DOCS,
        default=None,
    )
    file: Line | None = rule(
        "The file with the token, secret id or JWT. A relative path starts at the operator file.",
        example="/run/secrets/vault-secret-id",
        source=_DOCS,
        default=None,
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.variable and self.file:
            raise ValueError("`variable` and `file` both say where the credential is: keep one of them")
        if not (self.variable or self.file) and self.method != "kubernetes":
            raise ValueError("say where the credential is: `variable` or `file`")
        return self


class VaultStore(Shape):
    """HashiCorp Vault or OpenBao, KV version 2."""

    type: Literal["vault"] = rule("HashiCorp Vault or OpenBao, KV version 2.", example="vault", source=_STORES)
    address: Address = rule("Its address, with the port.", example="https://vault.example.com:8200", source=_DOCS)
    login: VaultLogin = rule(
        "How stagemail logs in.", example={"method": "token", "variable": "VAULT_TOKEN"}, source=_DOCS
    )
    mount: Path = rule(
        "Where the KV version 2 engine is mounted; left out: secret.", example="secret", source=_DOCS, default="secret"
    )
    namespace: Path | None = rule("The namespace.", example="team-a", source=_DOCS, default=None)
    ca_file: OptionalLine = ca_file(_DOCS)
    timeout: LastingSeconds = timeout()

"""Settings of the secret store age. Not here: reading it (``secret``)."""

from typing import Literal, Self

from pydantic import model_validator

from stagemail.resources.shape import Shape, rule
from stagemail.resources.stores.address import Variable
from stagemail.resources.text import Line

_STORES = "stagemail design: the operator file"
_DOCS = "age-encryption.org/v1: identities"


class AgeStore(Shape):
    """Files encrypted with age, or by SOPS for age, below one directory; they may be in Git, the identity never is."""

    type: Literal["age"] = rule("Files encrypted with age.", example="age", source=_STORES)
    path: Line = rule(
        "The directory of the encrypted files. A relative path starts at the operator file.",
        example="secrets",
        source=_STORES,
    )
    identity_file: Line | None = rule(
        "The file with the identities that decrypt (age-keygen's, or an OpenSSH private key without a passphrase): "
        "mode 0600, and outside of the repository. A relative path starts at the operator file.",
        example="/etc/stagemail/age.txt",
        source=_DOCS,
        default=None,
    )
    identity_variable: Variable | None = rule(
        "The environment variable with the identities.", example="AGE_IDENTITY", source=_DOCS, default=None
    )

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if bool(self.identity_file) == bool(self.identity_variable):
            raise ValueError("say where the identity is: either `identityFile` or `identityVariable`")
        return self

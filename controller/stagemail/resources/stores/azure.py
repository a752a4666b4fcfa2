"""Settings of the secret store azure-key-vault. Not here: reading it (``secret``)."""

from typing import Literal

from stagemail.resources.shape import Shape, rule

_STORES = "stagemail design: the operator file"


class AzureKeyVaultStore(Shape):
    """Azure Key Vault."""

    type: Literal["azure-key-vault"] = rule("Azure Key Vault.", example="azure-key-vault", source=_STORES)

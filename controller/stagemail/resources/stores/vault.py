"""Settings of the secret store vault. Not here: reading it (``secret``)."""

from typing import Literal

from stagemail.resources.shape import Shape, rule

_STORES = "stagemail design: the operator file"


class VaultStore(Shape):
    """HashiCorp Vault or OpenBao, KV version 2."""

    type: Literal["vault"] = rule("HashiCorp Vault or OpenBao, KV version 2.", example="vault", source=_STORES)

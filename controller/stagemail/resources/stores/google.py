"""Settings of the secret store google-secret-manager. Not here: reading it (``secret``)."""

from typing import Literal

from stagemail.resources.shape import Shape, rule

_STORES = "stagemail design: the operator file"


class GoogleSecretManagerStore(Shape):
    """Google Secret Manager."""

    type: Literal["google-secret-manager"] = rule(
        "Google Secret Manager.", example="google-secret-manager", source=_STORES
    )

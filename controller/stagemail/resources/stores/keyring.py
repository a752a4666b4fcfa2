"""Settings of the secret store keyring. Not here: reading it (``secret``)."""

from typing import Literal

from stagemail.resources.shape import Shape, rule

_STORES = "stagemail design: the operator file"


class KeyringStore(Shape):
    """The system keyring of an admin's own machine."""

    type: Literal["keyring"] = rule("The system keyring of an admin's own machine.", example="keyring", source=_STORES)

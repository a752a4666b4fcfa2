"""Settings of the secret store keyring. Not here: reading it (``secret``)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from stagemail.resources.shape import Shape, rule
from stagemail.resources.text import Line

_STORES = "stagemail design: the operator file"
_DOCS = "keyring docs: configuring"
Dotted = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]


class KeyringStore(Shape):
    """The system keyring of an admin's own machine."""

    type: Literal["keyring"] = rule("The system keyring of an admin's own machine.", example="keyring", source=_STORES)
    service: Line = rule(
        "The service under which the entries stand; a key is an entry's user name. Left out: stagemail.",
        example="stagemail",
        source=_DOCS,
        default="stagemail",
    )
    backend: Dotted | None = rule(
        "The keyring's backend, by its Python name; left out: the best one that this machine has.",
        example="keyring.backends.SecretService.Keyring",
        source=_DOCS,
        default=None,
    )

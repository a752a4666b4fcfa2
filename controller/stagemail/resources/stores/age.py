"""Settings of the secret store age. Not here: reading it (``secret``)."""

from typing import Literal

from stagemail.resources.shape import Shape, rule

_STORES = "stagemail design: the operator file"


class AgeStore(Shape):
    """Files encrypted with age."""

    type: Literal["age"] = rule("Files encrypted with age.", example="age", source=_STORES)

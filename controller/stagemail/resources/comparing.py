"""What an operator file declares about ``stagemail compare``: which fields are meant to differ between its stages.

Not here: the product's own table (``model.meant``), whether a field exists (``operator_checks``).
"""

from typing import Annotated, Final

from pydantic import Field

from stagemail.model.meant import Declared
from stagemail.resources.shape import Shape, Unique, rule
from stagemail.resources.text import Line

_FILE: Final = "stagemail design: the operator file"


class Comparing(Shape):
    """Which fields are meant to differ between stages, where that is otherwise than the reference says."""

    meant_to_differ: Annotated[dict[Line, Line], Field(max_length=100)] = rule(
        "Fields that are meant to differ besides those that always are, each with the reason that is shown.",
        example={"server.port": "each relay listens on a port of its own"},
        source=_FILE,
        default={},
    )
    meant_to_be_equal: Annotated[list[Line], Field(max_length=100), Unique()] = rule(
        "Fields that are to be equal although they usually differ.",
        example=["server.host"],
        source=_FILE,
        default=[],
    )


def declared_of(comparing: Comparing) -> Declared:
    """The same as the model has it."""
    return Declared(dict(comparing.meant_to_differ), frozenset(comparing.meant_to_be_equal))

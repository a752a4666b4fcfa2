"""How the controller works: how often it looks, and how much at a time.

Not here: the loop (``reconcile.loop``).
"""

from typing import Annotated, Final

from pydantic import Field

from stagemail.resources.duration import LastingSeconds
from stagemail.resources.shape import Shape, rule

_FILE: Final = "stagemail design: the operator file"


class Controller(Shape):
    """How `stagemail controller` works."""

    poll: LastingSeconds = rule(
        "How often each source is looked at for a new commit; each time a little earlier, by chance.",
        example="60s",
        source=_FILE,
        default="60s",
    )
    observe: LastingSeconds = rule(
        "How often each stage is looked at for drift; never more often than the platform's limits allow.",
        example="10m",
        source=_FILE,
        default="10m",
    )
    workers: Annotated[int, Field(ge=1, le=64)] = rule(
        "How many organizations are reconciled at the same time.", example=4, source=_FILE, default=4
    )

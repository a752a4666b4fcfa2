"""The one key of everything that is planned: the stage as we name it, the kind, and the platform's own id.

Keys are the platform's, names are labels: an app that is renamed keeps its key.
"""

from operator import attrgetter
from typing import Final, Literal

from stagemail.dataclass import dataclass

Kind = Literal["configuration", "binding"]
CONFIGURATION: Kind = "configuration"
BINDING: Kind = "binding"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """``stage`` is the operator file's name; ``id`` is the platform's key of the stage or of the app."""

    stage: str
    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.stage}/{self.kind}/{self.id}"


KEY_ORDER: Final = attrgetter("stage", "kind", "id")
"""Sorts keys as they compare, for a quarter of the time: a stage has thousands."""

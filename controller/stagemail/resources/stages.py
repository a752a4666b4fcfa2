"""How a document says which stages it is for, and the words that every kind uses for it.

Not here: which folder belongs to which stage (``source.claims``).
"""

from typing import Annotated, Final

from pydantic import Field

from stagemail.resources.shape import Unique
from stagemail.resources.text import Name

StageNames = Annotated[list[Name], Field(min_length=1, max_length=100), Unique()]

STAGES: Final = (
    "The stages this document is for. Required in a folder that several stages share; elsewhere it may be left out."
)
STAGES_SOURCE: Final = "stagemail design: the reconciled YAML"
METADATA: Final = "How people and messages call this document."
METADATA_SOURCE: Final = "stagemail design: the reconciled YAML"

"""What the controller has to do: jobs, and hints to look.

Not here: who does them when (``dispatch``), when they are due (``reconcile.schedule``).
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Job:
    """Look at a source, or reconcile a stage. Jobs of one ``key`` never run at the same time.

    ``name`` is the source's or the stage's; ``key`` a stage's organization, since its limits are the bottleneck.
    """

    kind: Literal["look", "reconcile"]
    name: str
    key: str
    reason: str = ""

    @property
    def id(self) -> str:
        """What is the same job, whatever its reason: it waits once at most."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Hint:
    """Somebody says that something is new: only a reason to look. ``source`` "" means all of them."""

    source: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Depth:
    """How many jobs wait, and how many are being done."""

    waiting: int
    running: int

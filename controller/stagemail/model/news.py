"""What processes that share the work tell each other: what a pass gave, and what somebody asks for.

``Exchange`` is a port like those in ``ports``.
Not here: carrying it (``dispatch``), what comes of it (``reconcile.loop``).
"""

from typing import Literal, Protocol

from stagemail.dataclass import dataclass
from stagemail.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class News:
    """``passed``: a pass of the stage ``name`` ended; ``look``: at the source ``name`` ("": all), somebody asks.

    ``seconds``: how long the pass took; the others as ``reconcile.setup.Passed`` has them.
    """

    kind: Literal["passed", "look"]
    name: str
    seconds: float = 0.0
    failed: bool = False
    again: float = 0.0
    at_least: float = 0.0
    changed: bool = False


class Exchange(Protocol):
    """What controllers and workers of several processes tell each other. Raises Unreachable where it is away."""

    def put(self, source: str, verdict: Verdict) -> None:
        """Where a branch is, and what of it may be followed: for whoever reconciles."""
        ...

    def verdict(self, source: str) -> Verdict | None:
        """The newest that was put; None where nobody has looked yet."""
        ...

    def tell(self, news: News) -> None:
        """Tell the controller that leads."""
        ...

    def take(self) -> tuple[News, ...]:
        """What was told since the last time, oldest first; each to one taker only."""
        ...

"""What it costs to look at a platform once, in calls, and how many are ours. Not here: counting (targets)."""

import math
from collections.abc import Mapping

from stagemail.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """``calls``: of one look, by the platform's API domain; ``allowed``: ours of each domain in ``window`` seconds."""

    calls: Mapping[str, int]
    allowed: Mapping[str, int]
    window: int

    @property
    def decides(self) -> str:
        """The domain whose limit is reached first."""
        return max(sorted(self.calls), key=lambda domain: self.calls[domain] / self.allowed[domain])

    @property
    def seconds(self) -> int:
        """The shortest interval at which looks can follow each other for ever: docs/reference/calls.md."""
        return math.ceil(self.calls[self.decides] / self.allowed[self.decides] * self.window)

"""What is asked for: one stage at one loaded revision, under one policy."""

from dataclasses import dataclass

from stagemail.model.policy import Policy
from stagemail.model.revision import Loaded


@dataclass(frozen=True, slots=True)
class Request:
    """One stage at one loaded revision. ``only`` limits the steps to these apps' labels or keys (empty: all).

    ``patience``: seconds to wait for another run's lease. ``push``: send every secret, and do nothing else.
    """

    stage: str
    loaded: Loaded
    policy: Policy
    only: tuple[str, ...] = ()
    patience: float = 0.0
    push: bool = False

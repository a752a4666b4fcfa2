"""How a stage stands, and what people decided about it: what gates are judged by.

Not here: judging (``planning.gates``, ``reconcile.gates``), keeping it (``record``).
"""

from datetime import datetime
from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model.condition import Condition

DecisionKind = Literal["suspend", "resume", "approve"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """A time in which a stage was as Git wants it. ``content``: of its documents; ``until`` None: it still is."""

    content: str
    revision: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A condition that became another one, and the revision that the branch was at then."""

    wanted: str
    condition: Condition

    @property
    def what(self) -> str:
        """Type, status and reason."""
        return f"{self.condition.type}={self.condition.status}/{self.condition.reason}"


@dataclass(frozen=True, slots=True)
class Canary:
    """The apps (keys) that came first with these contents, and since when they are live."""

    content: str
    apps: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """One stage, by the last look at it. ``readiness``: newest first.

    ``revision`` and ``content``: the last ones of which anything was applied, or that it was Ready with.
    """

    stage: str
    conditions: tuple[Condition, ...] = ()
    revision: str = ""
    content: str = ""
    readiness: tuple[Readiness, ...] = ()
    canary: Canary | None = None
    untold: tuple[str, ...] = ()
    """Runs, oldest first, of whose end people may not have been told: written down together with a run's beginning."""
    turns: tuple[Turn, ...] = ()
    """Oldest first, those of which people may not have been told: written down together with the condition itself."""
    troubled: bool = False
    """Whether the last turn told that something is wrong: only then is it news that the stage is Ready again."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided. ``stage`` "" is all of them; ``plan``: the fingerprint that was approved.

    ``identity`` is what Git says of the person (``Name <address>``), since authors of commits are known by that.
    """

    id: str
    kind: DecisionKind
    stage: str
    actor: str
    at: datetime
    reason: str = ""
    until: datetime | None = None
    plan: str = ""
    revision: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """What a look at the whole journal found. ``fault`` says what is wrong and where; "" where nothing is.

    ``sealed`` events are in the chain; ``unsealed`` ones are older than it.
    """

    sealed: int
    unsealed: int = 0
    fault: str = ""

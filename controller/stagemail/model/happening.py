"""What the controller tells its observers, as data: metrics, notifications, commit status and logs are made of it.

Not here: telling anybody (``notify``, ``web``, ``cli``).
"""

from dataclasses import dataclass
from datetime import datetime

from stagemail.model.condition import Condition
from stagemail.model.job import Depth
from stagemail.model.run import Run
from stagemail.model.standing import Turn


@dataclass(frozen=True, slots=True)
class Looked:
    """A source was looked at. ``revision`` is where its branch is ("" where that could not be seen).

    ``error``: why it could not be seen, or why it is not followed.
    """

    source: str
    at: datetime
    seconds: float
    revision: str = ""
    is_new: bool = False
    concerned: tuple[str, ...] = ()
    """The stages whose documents changed."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """A stage was reconciled, or looked at for drift. ``run`` is None where nothing was begun.

    ``changed`` holds the conditions whose status or reason is another than before. ``again``: seconds to the next look.
    """

    stage: str
    source: str
    at: datetime
    seconds: float
    reason: str
    revision: str = ""
    """The revision that was reconciled."""
    wanted: str = ""
    """The revision that the branch is at; another one where a gate holds the stage back."""
    run: Run | None = None
    conditions: tuple[Condition, ...] = ()
    changed: tuple[Condition, ...] = ()
    error: str = ""
    again: float = 0.0
    calls: int = 0
    """Requests that were sent to the platform for it."""
    earlier: tuple[Run, ...] = ()
    """Runs that ended before, of whose end perhaps nobody was told: whoever told of it was killed."""
    turns: tuple[Turn, ...] = ()
    """What turned, now or before, and was perhaps told to nobody."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The operator file changed on disk. ``error``: why the old one is kept."""

    at: datetime
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ticked:
    """The loop looked at its clock: how much waits now."""

    at: datetime
    depth: Depth
    late: float = 0.0
    """Seconds by which the most overdue stage or source is late."""


@dataclass(frozen=True, slots=True)
class Archived:
    """The journal was copied to its branch, or could not be. ``waiting``: events that are not on it yet.

    ``late``: seconds for which some have waited; ``error``: why; ``is_refused``: it stays so until somebody acts.
    """

    at: datetime
    branch: str
    events: int = 0
    waiting: int = 0
    late: float = 0.0
    error: str = ""
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Troubled:
    """Something of ours went wrong that no stage is to blame for; the loop goes on. ``is_over``: it is well again."""

    at: datetime
    where: str
    message: str
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Led:
    """This controller leads from now on; ``is_over``: another one does. Of those that share a database one leads."""

    at: datetime
    is_over: bool = False


Happening = Looked | Finished | Reloaded | Ticked | Archived | Troubled | Led

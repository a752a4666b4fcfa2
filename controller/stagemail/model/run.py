"""One reconcile of one stage at one revision: outcomes, intents, operations, and the run itself."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model.field import Value
from stagemail.model.key import Key

OutcomeStatus = Literal["done", "not-needed", "held", "reported", "failed", "unknown", "skipped"]
RunStatus = Literal["running", "done", "held", "partial", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that was begun on a platform. ``id`` is "" where the platform gave none, or its answer was lost."""

    key: Key
    action: Literal["write", "activate"]
    begun: datetime
    id: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """Recorded durably before a step is begun: enough to find out after a crash what became of it.

    ``values`` are the non-secret values that were about to be written and SecretStates, by field.
    """

    id: str
    run: str
    key: Key
    label: str
    action: Literal["write", "activate"]
    at: datetime
    values: tuple[tuple[str, Value], ...] = ()
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step. ``message`` is one sentence for a person; ``retry``: worth trying again as it is."""

    step: str
    key: Key
    label: str
    action: str
    status: OutcomeStatus
    message: str = ""
    retry: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A reconcile from its start to its end. ``finished`` is None while it runs, or after it was killed."""

    id: str
    stage: str
    revision: str
    actor: str
    started: datetime
    status: RunStatus = "running"
    finished: datetime | None = None
    outcomes: tuple[Outcome, ...] = ()
    live: int = 0
    """Apps that were read after the run and run with the stage's settings …"""
    apps: int = 0
    """… of this many."""
    not_live: tuple[str, ...] = ()
    """The names of those that do not."""

    def ended(self, status: RunStatus, at: datetime, outcomes: tuple[Outcome, ...]) -> "Run":
        """The same run, finished."""
        return replace(self, status=status, finished=at, outcomes=outcomes)

"""Gates: reasons why a plan, or a part of it, waits although nobody needs to accept a hazard.

Not here: which gates are shut (``reconcile.gates``), what they hold (``planning.guard``).
"""

from typing import Final, Literal

from stagemail.dataclass import dataclass

GateKind = Literal["stopped", "suspended", "waiting", "soaking", "approval", "canary"]
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Approval = Literal["none", "manual"]


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A time of the week. ``days``: 0 is Monday; ``begin`` and ``end`` in minutes of the day; ``zone``: IANA's name.

    An end that is not after the begin is on the next day.
    """

    days: tuple[int, ...]
    begin: int
    end: int
    zone: str


@dataclass(frozen=True, slots=True)
class Gating:
    """What the operator file says of one stage's gates. Times in seconds; ``stop``: why nothing at all is written."""

    stop: str = ""
    sync_windows: tuple[Window, ...] = ()
    heal_windows: tuple[Window, ...] = ()
    depends_on: tuple[str, ...] = ()
    soak: int = 0
    approval: Approval = "none"
    canary_apps: int = 0
    canary_soak: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Gate:
    """A gate that is shut: why, and in how many seconds that can change by itself (0: nobody knows).

    ``beside``: keys of the apps that a canary lets through.
    """

    kind: GateKind
    message: str
    again: float = 0.0
    beside: tuple[str, ...] = ()

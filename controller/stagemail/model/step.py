"""Steps of a plan: what changes, why, and what a person must have agreed to."""

from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model.field import Value
from stagemail.model.key import Key

Action = Literal["write", "activate", "unmanage"]

Case = Literal[
    "create",
    "takeover",
    "changed",
    "drift",
    "adopted",
    "unmanaged",
    "rotated",
    "overwritten",
    "unverified",
    "unsettled",
    "together",
]
"""Which row of the three-way table a change comes from; "together": sent because its group is; "unsettled": a secret
whose last write has no known outcome and is sent once more."""

HazardKind = Literal[
    "recipients-widened",
    "uncovered-app",
    "production-test-list-on",
    "test-list-outside-domain",
    "security-lowered",
    "authentication-dropped",
    "host-changed-credential-kept",
    "sender-domain-changed",
    "takeover",
    "foreign-pending",
    "identity-changed",
    "mass-change",
    "outside-window",
]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that a step writes: what is there, what will be, and the row of the table it comes from.

    ``before`` of a secret that rotated is the state that we wrote last, so that both versions can be named.
    """

    field: str
    before: Value
    after: Value
    case: Case
    since: str = ""
    """When somebody overwrote it, as the platform tells; "" where it tells no time."""


@dataclass(frozen=True, slots=True, order=True)
class Hazard:
    """A property of a step that a person must have agreed to. ``to`` is the exact value a waiver must name."""

    kind: HazardKind
    to: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step on one unit of one resource.

    ``phase`` orders steps: 0 narrow recipients, 1 make that live, 2 the stage's settings, 3 activate, 4 recipients
    that widen, 5 make those live, 6 forget. ``if_pending``: do it only where the platform left values pending.
    ``hazards`` are all of the step's, ``held`` those that nobody accepted, ``waivers`` the names of those that did.
    """

    action: Action
    key: Key
    label: str
    unit: str
    phase: int
    changes: tuple[Change, ...] = ()
    why: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    held: tuple[Hazard, ...] = ()
    waivers: tuple[str, ...] = ()
    if_pending: bool = False
    reported: bool = False
    """True where policy (``sync.selfHeal``) says to report this drift and leave it alone."""

    blocked: str = ""
    """Why it cannot be done now although nobody holds it: a secret that could not be read."""

    gate: str = ""
    """Why it waits although nobody needs to accept anything: a dependency, a soak, an approval, a canary, a stop."""

    @property
    def id(self) -> str:
        """A name that is stable over equal input: the key, the action and the unit."""
        return f"{self.key}:{self.action}:{self.unit}:{self.phase}"

    @property
    def runnable(self) -> bool:
        """Whether apply may do it."""
        return not (self.held or self.reported or self.blocked or self.gate)

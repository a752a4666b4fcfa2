"""A plan: ordered steps at one revision, with the fingerprint of what was observed. Plain data."""

from operator import attrgetter
from typing import Final, Literal

from stagemail.dataclass import dataclass
from stagemail.model.inventory import StageIdentity
from stagemail.model.snapshot import AppliedResource
from stagemail.model.step import Hazard, Step

NoteKind = Literal[
    "assumed",
    "read-only",
    "in-sync",
    "waiting",
    "before-first-deploy",
    "uncovered",
    "standing-hazard",
    "unsupported",
    "verified-only",
    "unverified",
    "undetectable",
    "secret-expires",
    "newly-matched",
    "waiver-expired",
    "waiver-unused",
    "not-bindable",
    "pending",
    "foreign-pending",
    "credentials-not-read",
    "preflight-failed",
    "preflight-passed",
    "sender-doubtful",
    "sender-unchecked",
    "stage-unmanaged",
    "adopted",
    "authentication-retires",
]


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something that the plan leaves alone, and why. ``subject`` is an app, a field or a file that people know."""

    kind: NoteKind
    subject: str
    message: str


NOTE_ORDER: Final = attrgetter("kind", "subject", "message")
"""Sorts notes as they compare, quicker."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to one stage. Equal input gives an equal plan.

    ``steps`` holds every step, held and reported ones too, in the order of work. ``adopt`` is what becomes applied
    without a write. ``observed`` is the fingerprint of the observed state that the plan stands on.
    """

    stage: str
    target: str
    revision: str
    observed: str
    identity: StageIdentity
    steps: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()
    adopt: tuple[AppliedResource, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    """Hazards of the plan as a whole that nobody accepted (``mass-change``, ``identity-changed``): they hold all."""
    apps: int = 0
    """Number of deployed apps whose type can be bound."""

    @property
    def runnable(self) -> tuple[Step, ...]:
        """The steps that apply would do."""
        return tuple(step for step in self.steps if step.runnable)

    @property
    def held(self) -> tuple[Step, ...]:
        """The steps that a guard holds."""
        return tuple(step for step in self.steps if step.held)

    @property
    def is_held(self) -> bool:
        """Whether a guard holds any of it."""
        return bool(self.hazards or self.held or self.gated)

    @property
    def gated(self) -> tuple[Step, ...]:
        """The steps that wait at a gate."""
        return tuple(step for step in self.steps if step.gate and not (step.held or step.reported))

    @property
    def blocked(self) -> tuple[Step, ...]:
        """The steps that lack something that a person must provide."""
        return tuple(step for step in self.steps if step.blocked and not step.held and not step.gate)

    @property
    def reported(self) -> tuple[Step, ...]:
        """The steps that policy leaves to a person."""
        return tuple(step for step in self.steps if step.reported and not step.held)

    @property
    def has_changes(self) -> bool:
        """Whether anything would be written, activated or forgotten, or waits for a person."""
        return any(not step.if_pending for step in self.steps)

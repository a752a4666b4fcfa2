"""What the operator file decides about one stage: purpose, how far automation goes, which hazards hold."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model.gate import Gate, Gating
from stagemail.model.inventory import Purpose
from stagemail.model.step import HazardKind

SelfHeal = Literal["none", "recipients", "all"]
Verify = Literal["none", "smtp"]
IfUnreachable = Literal["keep", "push"]

HELD_BY_DEFAULT: frozenset[HazardKind] = frozenset(
    {
        "recipients-widened",
        "security-lowered",
        "authentication-dropped",
        "host-changed-credential-kept",
        "takeover",
        "foreign-pending",
        "identity-changed",
        "mass-change",
        "outside-window",
    }
)
"""Hazards that hold unless the operator says otherwise; the rest warns (docs/reference/hazards.md)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One stage's policy.

    ``mass_absolute`` and ``mass_relative``: a plan that changes more than that many resources and more than that
    share (0-1) of what is applied is a mass change. ``own_domains`` empty: members of test lists are not checked.
    ``automatic`` is true for runs of the controller and CI (``--automatic``), which honour ``automated`` and
    ``self_heal``; a person's ``apply`` does all that the plan shows. ``outside_window`` says why now is not a time to
    write, "" where it is.
    """

    stage: str
    purpose: Purpose
    automated: bool = False
    self_heal: SelfHeal = "recipients"
    hold: frozenset[HazardKind] = HELD_BY_DEFAULT
    mass_absolute: int = 10
    mass_relative: float = 0.3
    own_domains: tuple[str, ...] = ()
    automatic: bool = False
    heal_after: int = 0
    """Seconds that drift must have lasted before an automatic run heals it."""
    drift_ages: Mapping[str, float] = field(default_factory=dict)
    """Seconds since automatic runs first reported the drift that a step would heal, by the step's id."""
    gating: Gating = field(default_factory=Gating)
    """What the operator file says of the stage's gates …"""
    gates: tuple[Gate, ...] = ()
    """… and those of them that are shut now."""
    outside_window: str = ""
    outside_heal_window: str = ""
    """The same for putting drift right."""
    preflight: bool = False
    """Whether an automatic run tries the server's settings before it pushes them …"""
    preflight_blocks: bool = False
    """… and does not push them where that fails."""
    verify: Verify = "none"
    """How a new credential is tried before it replaces the live one: not at all, or by logging in to the server."""
    verify_unreachable: IfUnreachable = "keep"
    """What to do where the server cannot be asked from here: keep the live credential, or push the new one untried."""
    accept_retired: frozenset[str] = frozenset()
    """Mail servers whose retired login an administrator has switched on again: a new one is not refused."""
    read_only: bool = False
    """The target's ``readOnly``: a run that would write is refused before it begins, and again where HTTP is spoken."""

"""All that a plan depends on, in one value."""

from collections.abc import Mapping
from dataclasses import field

from stagemail.dataclass import dataclass
from stagemail.model.field import Specs
from stagemail.model.inventory import Inventory
from stagemail.model.policy import Policy
from stagemail.model.retirement import Due
from stagemail.model.secret import SecretRef, SecretState
from stagemail.model.snapshot import Applied, Capabilities, Desired, Observed
from stagemail.planning.diff import Same


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan depends on. Equal situations give equal plans."""

    desired: Desired
    inventory: Inventory
    observed: Observed
    applied: Applied
    capabilities: Capabilities
    policy: Policy
    specs: Specs
    same: Same
    revision: str
    target: str
    secrets: Mapping[SecretRef, SecretState] = field(default_factory=dict)
    retirement: Due | None = None
    """What the calendar of retired logins says of this configuration today."""
    push: bool = False
    """A person asked to send every secret, whether or not anything tells that it changed (``secrets push``)."""

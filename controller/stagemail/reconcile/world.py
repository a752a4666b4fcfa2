"""What one reconcile of one stage works with: its ports, and who is asking.

Not here: building it (``wiring``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from stagemail.model.policy import Policy
from stagemail.model.revision import Loaded
from stagemail.ports import Clock, Leases, Record, Target
from stagemail.reconcile.credentials import Credentials

Progress = Callable[[str, int, int], None]
"""What is being done, how many are done, of how many."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one stage. ``scope`` names the organization that a lease protects; ``owner`` this process."""

    target: Target
    target_name: str
    record: Record
    leases: Leases
    credentials: Credentials
    clock: Clock
    new_id: Callable[[], str]
    scope: str
    owner: str
    actor: str
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Request:
    """One stage at one loaded revision. ``only`` limits the steps to these apps' labels or keys (empty: all).

    ``patience``: seconds to wait for another run's lease.
    """

    stage: str
    loaded: Loaded
    policy: Policy
    only: tuple[str, ...] = ()
    patience: float = 0.0

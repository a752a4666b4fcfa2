"""What one reconcile of one stage works with: its ports, and who is asking.

Not here: building it (``wiring``).
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field

from stagemail.dataclass import dataclass
from stagemail.model.secret import SecretRef
from stagemail.ports import Clock, Leases, MailProbe, Record, Standings, Target
from stagemail.reconcile.credentials import Credentials

Progress = Callable[[str, int, int], None]
"""What is being done, how many are done, of how many."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Report no progress."""


def unmeasured(_verb: str) -> AbstractContextManager[None]:
    """Measure nothing."""
    return nullcontext()


def unstopped() -> str:
    """Nobody stops a run that has begun."""
    return ""


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one stage. ``scope`` names the organization that a lease protects; ``owner`` this process."""

    target: Target
    target_name: str
    record: Record
    leases: Leases
    standings: Standings
    credentials: Credentials
    clock: Clock
    new_id: Callable[[], str]
    scope: str
    owner: str
    actor: str
    progress: Progress = silent
    own_secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    """The credentials of the target itself, by what a person calls them."""
    probe: MailProbe | None = None
    """Speaks with mail servers; None where nobody could be asked to try a credential."""
    scrub: Callable[[str], str] = str
    """Takes known credentials out of a text (``net``): what a platform says is repeated to people."""
    span: Callable[[str], AbstractContextManager[None]] = unmeasured
    """What is measured of each verb: load, observe, plan, apply, record."""
    stop: Callable[[], str] = unstopped
    """Why everything is stopped now, although it was not when the run began; "" where it is not."""

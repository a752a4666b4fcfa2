"""What every record adapter says when it refuses, in one wording.

Not here: errors of a database (``sqlite``) and of stored data (``codec.unreadable``).
"""

from datetime import datetime

from stagemail.errors import Busy, CorruptRecord, LeaseLost
from stagemail.ports import Lease


def busy(scope: str, owner: str, since: datetime, until: datetime) -> Busy:
    """Somebody else holds the lease: who, since when, until when."""
    return Busy(
        f"{scope} is being written to by {owner} since {_text(since)}; its lease ends {_text(until)}",
        hint="`stagemail apply --wait SECONDS` waits for it; if it was killed, its lease ends by itself at that time",
    )


def lease_lost(lease: Lease, owner: str) -> LeaseLost:
    """The lease is no longer the newest: somebody took it, or it was given back."""
    now = f"{owner} has taken over" if owner else "it was given back"
    return LeaseLost(
        f"{lease.owner} no longer holds the lease on {lease.scope} (fence {lease.fence}): {now}",
        hint="nothing more was written by this run; run again, it goes on from what the platform shows",
    )


def unknown_intent(intent: str) -> CorruptRecord:
    """An outcome for an intent that was never recorded."""
    return CorruptRecord(
        f"the record knows no intent {intent}, so its outcome cannot be recorded",
        hint="another record may be configured under `state:`; run again, what was sent is found by reading",
    )


def key_changed() -> Busy:
    """Another process changed the fingerprint key since this one opened the record."""
    return Busy(
        "the record's fingerprint key was changed by another process meanwhile; nothing was written",
        hint="run again: it begins with the new key",
    )


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").strip()

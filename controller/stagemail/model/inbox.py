"""The inbox's messages as data. Sizes are bytes, ages seconds.

Not here: keeping them (``inbox``), showing them (``report``).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One message that was accepted: its envelope, and what lists show. ``user`` is "" without a login."""

    id: int
    received: str
    sender: str
    recipients: tuple[str, ...]
    shown_from: str
    subject: str
    size: int
    tls: bool
    user: str


@dataclass(frozen=True, slots=True)
class InboxLimits:
    """How much is kept; what is over it goes, the oldest first."""

    messages: int = 10_000
    size: int = 512 * 2**20
    age: int = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class InboxState:
    """What is kept, and how many messages the limits dropped since the inbox was made."""

    messages: int
    size: int
    dropped: int

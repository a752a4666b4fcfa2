"""When a credential runs out, and how loudly to say so: 30, 14 and 7 days before.

Units: days. Not here: where the date comes from (a store, or ``expires`` of a reference), and printing it.
"""

from datetime import date
from typing import Final

from stagemail.dataclass import dataclass

WARN_DAYS: Final = (30, 14, 7)
"""Days before the end at which it is said, each time with more weight."""


@dataclass(frozen=True, slots=True, order=True)
class Expiry:
    """``what`` runs out ``on`` this date (ISO 8601), in so many ``days``; below 1 it has run out."""

    on: str
    what: str
    days: int

    @property
    def within(self) -> int | None:
        """The smallest warning that is reached: 30, 14, 7, or 0 once it has run out. None: far away."""
        if self.days <= 0:
            return 0
        return min((limit for limit in WARN_DAYS if self.days <= limit), default=None)

    @property
    def left(self) -> str:
        """``in 12 days``, ``today``, ``3 days ago``."""
        if self.days == 0:
            return "today"
        number = "1 day" if abs(self.days) == 1 else f"{abs(self.days)} days"
        return f"in {number}" if self.days > 0 else f"{number} ago"

    @property
    def warning(self) -> str:
        """What to do, in words; "" while it is far away."""
        if self.within is None:
            return ""
        if self.days <= 0:
            return f"has run out ({self.on}): renew it now"
        urgency = {30: "renew it soon", 14: "renew it this week", 7: "renew it now"}[self.within]
        return f"runs out on {self.on}: {urgency}"


def expiry_of(what: str, text: str, today: date) -> Expiry | None:
    """The expiry that a store or a reference tells as an ISO date or time; None where it tells none."""
    try:
        on = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return Expiry(on.isoformat(), what, (on - today).days)

"""How much of a platform's limits is used: what the metrics show."""

from stagemail.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """One API domain of one organization.

    ``allowed``: our share of the published limit in its window (a minute on ODC), ``used``: of that in the window that
    ends now. ``calls`` and ``errors`` (by kind) count since the process began.
    """

    domain: str
    allowed: int
    used: int
    calls: int
    errors: tuple[tuple[str, int], ...] = ()

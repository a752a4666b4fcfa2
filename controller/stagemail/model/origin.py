"""Where a revision came from, as Git tells it: who wrote it, who committed it, and who merged it.

Not here: asking Git (``git.origins``).
"""

from stagemail.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """One revision. ``author``, ``committer``, ``at`` and ``subject`` are of the change itself.

    Where the revision is a merge commit, the change is the newest commit of the branch that it merged; ``change`` names
    that commit, ``merger`` and ``merged_at`` tell who merged and when. Times are UTC (RFC 3339). ""
    where Git says nothing of it.
    """

    change: str
    author: str
    committer: str
    at: str
    subject: str
    merger: str = ""
    merged_at: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a stage is: the target's name, and what the platform calls the stage."""

    target: str
    environment: str

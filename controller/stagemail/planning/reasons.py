"""Why a step is there, in words: the row of the three-way table, and what binds the resource.

Not here: which row it is (``diff``).
"""

from collections.abc import Iterable
from typing import Final

from stagemail.model.step import Case, Change

WORDS: Final[dict[Case, str]] = {
    "create": "not set on the platform yet",
    "takeover": "set by somebody outside Git",
    "changed": "changed in Git",
    "drift": "changed outside Git",
    "rotated": "secret rotated in its store",
    "overwritten": "secret overwritten outside",
    "unverified": "asked for by `stagemail secrets push`",
    "unsettled": "the last write of the secret has no known outcome: sent once more",
}


def why(changes: Iterable[Change], reason: str) -> tuple[str, ...]:
    """Each row once, then the reason why the resource is managed at all."""
    return (*dict.fromkeys(_words(change) for change in changes if change.case in WORDS), reason)


def _words(change: Change) -> str:
    return f"{WORDS[change.case]} at {change.since}" if change.since else WORDS[change.case]

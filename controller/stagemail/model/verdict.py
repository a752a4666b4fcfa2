"""Whether a new tip of a branch may be followed: what was found, and which revision stands until then."""

from typing import Final, Literal, get_args

from stagemail.dataclass import dataclass

VerdictReason = Literal[
    "",
    "UnsignedCommit",
    "UnknownKey",
    "ExpiredKey",
    "RevokedKey",
    "BadSignature",
    "HistoryRewritten",
    "HistoryRolledBack",
    "TooManyCommits",
]
"""Why a tip is not followed, spelt as the reason of a Kubernetes condition; "" where it is followed."""
HOLDING: Final = frozenset(get_args(VerdictReason)) - {""}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``follow`` is the revision that may be applied: the tip, or the one accepted before ("" where there is none)."""

    follow: str
    tip: str
    reason: VerdictReason = ""
    message: str = ""
    hint: str = ""

    @property
    def held(self) -> bool:
        """Whether the tip is not followed."""
        return bool(self.reason)

"""What is worth telling people about a stage, and what is told to a Git host about a commit.

Not here: when (``reconcile.notifying``), how (``notify``, ``host``).
"""

from typing import Literal

from stagemail.dataclass import dataclass

NoticeKind = Literal["stalled", "not-ready", "ready", "applied", "source", "journal"]
"""A stage needs somebody · a stage is not as Git wants · it is again · something was written · a source is not seen ·
the journal cannot be copied."""
CommitState = Literal["pending", "success", "failure"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. ``condition`` is type, status and reason: with stage and revision it says what is the same news."""

    kind: NoticeKind
    stage: str
    revision: str
    condition: str
    title: str
    body: str

    @property
    def key(self) -> str:
        """Equal for equal news."""
        return f"{self.stage}|{self.revision}|{self.condition}"


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """What a Git host shows beside a commit. ``description``: one line; hosts cut it (GitHub at 140 characters)."""

    revision: str
    context: str
    state: CommitState
    description: str
    url: str = ""

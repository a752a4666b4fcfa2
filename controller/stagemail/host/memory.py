"""Keeps commit statuses in memory: the reference of ``ports.GitHost``."""

from stagemail.model.notice import CommitStatus


class MemoryGitHost:
    """What was told last of each commit and context."""

    def __init__(self) -> None:
        self.shown: dict[tuple[str, str], CommitStatus] = {}

    def tell(self, status: CommitStatus) -> None:
        """Keep it in place of the one before."""
        self.shown[status.revision, status.context] = status

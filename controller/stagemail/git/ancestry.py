"""How two commits of a repository stand to each other, and which commits say that they revert others.

Not here: what that means for a stage (``reconcile``). Source: git-merge-base(1), git-revert(1).
"""

import re
from typing import Final

from stagemail.git.history import commits_between
from stagemail.git.remote_branch import has, is_before
from stagemail.git.repository import FULL_ID, Repository
from stagemail.model.revision import Advance

MOST: Final = 200
"""Commits of one advance that are looked at; who merges more at once has read none of them."""
_REVERTS: Final = re.compile(rf"This reverts commit ({FULL_ID.pattern})")


def advance(repository: Repository, old: str, new: str) -> Advance:
    """The way from one commit to another, by full ids. Raises StagemailError where the new one is not there."""
    if old == new:
        return Advance("same")
    if not has(repository, old):
        return Advance("apart")
    if is_before(repository, old, new):
        found = commits_between(repository, old, new, MOST)
        reverted = frozenset(known for _, body in found for known in _REVERTS.findall(body))
        return Advance("forward", tuple(commit for commit, _ in found), reverted)
    return Advance("back" if is_before(repository, new, old) else "apart")

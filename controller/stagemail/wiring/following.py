"""From the operator file's ``source.verification`` to what judges a branch.

Not here: judging (``source.following``).
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from stagemail.git import KeyFiles, Repository
from stagemail.model.verdict import Verdict
from stagemail.resources.verification import Verification
from stagemail.source.branch import Judge
from stagemail.source.following import Follower, Rules


def judge_of(verification: Verification | None, branch: str | None, base: Path, now: Callable[[], datetime]) -> Judge:
    """What judges the followed branch. ``base``: the operator file's folder.

    Where the operator file asks for no signature, history must go forward all the same.
    """
    judging = follower_of(verification or Verification(commits="none"), base)

    def judge(repository: Repository, tip: str) -> Verdict:
        return judging.judge(repository, branch or "HEAD", tip, now=now())

    return judge


def unjudged(_repository: Repository, tip: str) -> Verdict:
    """A checkout of this machine, where people work: every commit is followed unless the operator file says more."""
    return Verdict(tip, tip)


def follower_of(verification: Verification, base: Path) -> Follower:
    """What judges the followed branch. ``base``: the operator file's folder."""
    signers, revoked = verification.allowed_signers, verification.revoked_signers
    keys = KeyFiles(
        openpgp=tuple(base / name for name in verification.gpg_keys),
        allowed_signers=base / signers if signers is not None else None,
        revoked_signers=base / revoked if revoked is not None else None,
    )
    return Follower(Rules(keys, verification.commits, verification.since or ""))

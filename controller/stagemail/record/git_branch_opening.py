"""Opens ``git-branch:BRANCH``: which clone, which branch, and the keys that one secret gives.

Not here: reading the secret (``wiring``), what the record does (``git_branch``).
"""

import hmac
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from stagemail import git
from stagemail.errors import NotFound, SecretUnusable, UsageError
from stagemail.model.secret import Secret
from stagemail.ports import Clock
from stagemail.record.fingerprint_key import Randomness
from stagemail.record.git_branch import GitBranchRecord
from stagemail.record.git_branch_history import FILE, BranchFile
from stagemail.record.git_branch_lines import Seals

SCHEME: Final = "git-branch:"
SHORTEST: Final = 32
"""Characters of the secret: whoever reads the branch can try guesses against its seals for as long as they like."""


def open_git_branch(
    state: str,
    base: Path,
    *,
    secret: Secret | None,
    randomness: Randomness,
    clock: Clock,
    is_gone: Callable[[str], bool],
    identity: git.Identity = git.STAGEMAIL,
) -> GitBranchRecord:
    """The record on a branch of the remote ``origin`` of the clone that ``base`` is in. Nothing is asked or made yet.

    Raises UsageError (no branch, no ``stateKey``), SecretUnusable (too short), NotFound (not in a clone).
    """
    branch = state.removeprefix(SCHEME)
    if secret is None:
        raise UsageError(
            "`state: git-branch:…` needs a key that seals the record's lines",
            hint="add to the operator file: stateKey: {secretRef: {store: env, key: RECORD_KEY}}",
        )
    if len(secret.reveal()) < SHORTEST:
        raise SecretUnusable(
            f"the secret of `stateKey` is shorter than {SHORTEST} characters", hint="make one: openssl rand -hex 32"
        )
    repository = git.discover(base)
    if repository is None:
        raise NotFound(
            f"`state: git-branch:…` keeps the record in the repository of the operator file, and {base} is in none",
            hint="run in a clone of the GitOps repository, or name another `state:`",
        )
    at = git.RemoteBranch(repository, branch)
    seals = Seals(_derived(secret, f"stagemail record lines v1\0{branch}"), f"{branch}:{FILE}")
    return GitBranchRecord(
        BranchFile(at, seals, identity),
        seals,
        _derived(secret, "stagemail secret fingerprints v1"),
        clock=clock,
        randomness=randomness,
        is_gone=is_gone,
    )


def _derived(secret: Secret, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HMAC-SHA-256 as a key derivation, NIST SP 800-108r1)."""
    return hmac.new(secret.reveal().encode(), purpose.encode(), sha256).digest()

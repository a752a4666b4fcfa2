"""From the operator file's ``source.verification`` to what judges a branch.

Not here: judging (``source.following``).
"""

from pathlib import Path

from stagemail.git import KeyFiles
from stagemail.resources.verification import Verification
from stagemail.source.following import Follower, Rules


def follower_of(verification: Verification | None, base: Path) -> Follower | None:
    """What judges the followed branch; None where the operator file asks for nothing. ``base``: the file's folder."""
    if verification is None:
        return None
    signers, revoked = verification.allowed_signers, verification.revoked_signers
    keys = KeyFiles(
        openpgp=tuple(base / name for name in verification.gpg_keys),
        allowed_signers=base / signers if signers is not None else None,
        revoked_signers=base / revoked if revoked is not None else None,
    )
    return Follower(Rules(keys, verification.commits, verification.since or ""))

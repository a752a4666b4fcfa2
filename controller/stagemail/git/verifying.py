"""Who signed commits, as git itself verifies it (git-verify-commit(1), ``%G?`` of git-log(1)).

A signature counts only where git says G: good, by a key that is trusted, neither expired nor revoked.
Not here: whose keys are trusted (``trust``), which commits have to be signed (``source.following``).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.git.command import Command
from stagemail.git.repository import Repository, full_id
from stagemail.git.trust import Trust
from stagemail.model.verdict import VerdictReason

SECONDS: Final = 300.0
"""Seconds that verifying all new commits may take."""
_KINDS: Final[Mapping[str, VerdictReason]] = {
    "G": "", "N": "UnsignedCommit", "U": "UnknownKey", "E": "UnknownKey", "X": "ExpiredKey", "Y": "ExpiredKey",
    "R": "RevokedKey", "B": "BadSignature",
}  # fmt: skip
_SSH_KEY: Final = re.compile(r"(SHA256:[A-Za-z0-9+/]{20,60})")


@dataclass(frozen=True, slots=True)
class Signature:
    """What git says of one commit's signature. ``reason`` is "" where it counts; ``key`` names the key."""

    commit: str
    reason: VerdictReason
    signer: str = ""
    key: str = ""


def signatures(
    repository: Repository, tip: str, *, after: str = "", first_parent: bool = False, limit: int, trust: Trust
) -> tuple[Signature, ...]:
    """The signatures of the tip, or of every commit up to it that does not come before ``after`` (both full ids).

    Gives at most ``limit`` + 1 of them, newest first.
    """
    wanted = [f"^{full_id(after)}"] if after else ["--no-walk=unsorted"]
    answer = _command(repository, trust).run(
        "log", "-z", f"--max-count={limit + 1:d}", "--no-patch", "--no-color", "--no-decorate", "--no-mailmap",
        *(["--first-parent"] if first_parent else []), "--format=%H%x00%G?%x00%GS%x00%GF%x00%GK",
        full_id(tip), *wanted, "--", timeout=SECONDS, what=f"verifying commits up to {tip[:12]}",
    )  # fmt: skip
    fields = answer.decode("utf-8", "replace").split("\0")
    rows = [fields[n : n + 5] for n in range(0, len(fields) - 4, 5)]
    return tuple(
        Signature(row[0].strip(), _KINDS.get(row[1], "BadSignature"), _clean(row[2]), _clean(row[3] or row[4]))
        for row in rows
    )


def explained(repository: Repository, found: Signature, trust: Trust) -> Signature:
    """The same signature with the reason that git's own words tell: for SSH keys ``%G?`` tells too little."""
    lenient = replace(trust, config=trust.lenient)
    status, _, said = _command(repository, lenient).attempt(
        "verify-commit", "--raw", full_id(found.commit), timeout=SECONDS
    )
    key = _SSH_KEY.search(said)
    named = replace(found, key=found.key or (key[1] if key else ""))
    if "REVKEYSIG" in said or (status == 0 and found.reason == "BadSignature"):
        return replace(named, reason="RevokedKey")
    if "key has expired" in said or (status == 0 and found.reason == "UnknownKey"):
        return replace(named, reason="ExpiredKey")
    return named


def _command(repository: Repository, trust: Trust) -> Command:
    own = repository.command
    return replace(own, config=(*own.config, *trust.config), environment={**own.environment, **dict(trust.environment)})


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text.strip())[:200]

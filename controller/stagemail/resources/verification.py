"""Verification: whose signatures commits need before the controller follows them.

Not here: verifying (``git.signatures``), judging a branch's history (``source.following``).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from stagemail.resources.shape import Shape, Unique, rule
from stagemail.resources.text import Line

_GIT = "git-verify-commit(1)"
CommitId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class Verification(Shape):
    """What the history of the followed branch must be. Key files lie beside the operator file, never in the source."""

    gpg_keys: Annotated[list[Line], Field(max_length=1000), Unique()] = rule(
        "Files with public OpenPGP keys (gpg --armor --export) of those who may sign.",
        example=["keys/ada.asc"],
        source=_GIT,
        default=[],
    )
    allowed_signers: Line | None = rule(
        "A file with the SSH keys of those who may sign, one principal and key a line.",
        example="keys/allowed_signers",
        source="ssh-keygen(1): ALLOWED SIGNERS",
        default=None,
    )
    revoked_signers: Line | None = rule(
        "A file with SSH public keys, or a key revocation list, that count no more.",
        example="keys/revoked_signers",
        source="git-config(1): gpg.ssh.revocationFile",
        default=None,
    )
    commits: Literal["all", "first-parent", "tip", "none"] = rule(
        "Which new commits need a signature: all; those on the branch itself (a signed merge vouches for what it "
        "merges); only the newest; none (then only force pushes and rollbacks are refused).",
        example="first-parent",
        source=_GIT,
        default="all",
    )
    since: CommitId | None = rule(
        "Accept the history that contains this commit, although it was force-pushed or rolled back; what comes before "
        "it needs no signature.",
        example="db79499b60140a4a7d2a3c0f4d3f0f6a7a9d4e11",
        source="stagemail design: a person accepts a rewritten history by its id",
        default=None,
    )

    @model_validator(mode="after")
    def _some_key(self) -> Self:
        if self.commits != "none" and not self.gpg_keys and self.allowed_signers is None:
            raise ValueError("no key is trusted: name `gpgKeys` or `allowedSigners`, or write `commits: none`")
        return self

"""Where the documents are: a folder of a repository, this one or another that the controller follows.

Not here: following it (``source.following``).
"""

from typing import Final

from stagemail.resources.notifications import CommitStatuses
from stagemail.resources.secret_reference import SecretReference
from stagemail.resources.shape import Shape, rule
from stagemail.resources.text import Branch, Folder, Line
from stagemail.resources.verification import Verification

_FILE: Final = "stagemail design: the operator file"


class GitLogin(Shape):
    """How the controller logs in to a Git server over https."""

    username: Line = rule(
        "The name to log in with; with a token it is what the server's documents say.",
        example="x-access-token",
        source="git-credential(1)",
        default="git",
    )
    password: SecretReference = rule(
        "The password or token: one that may read this repository and nothing else.",
        example={"secretRef": {"store": "env", "key": "GIT_TOKEN"}},
        source="stagemail design: credentials are references into secret stores",
    )


class Source(Shape):
    """Where the documents are."""

    path: Folder = rule(
        "The folder of the documents, from the repository's root; a stage's own folder is <path>/<stage>.",
        example="environments",
        source=_FILE,
        default="environments",
    )
    url: Line | None = rule(
        "The repository that the controller follows: https, ssh, or a folder of this machine. Left out: the checkout.",
        example="https://git.example.com/mail.git",
        source=_FILE,
        default=None,
    )
    branch: Branch | None = rule(
        "The branch that the controller follows. Left out: the repository's main one.",
        example="main",
        source=_FILE,
        default=None,
    )
    login: GitLogin | None = rule(
        "How the controller logs in over https. Left out: not at all; over ssh the keys of its user are used.",
        example={"password": {"secretRef": {"store": "env", "key": "GIT_TOKEN"}}},
        source=_FILE,
        default=None,
    )
    verification: Verification | None = rule(
        "What the branch's history must be before the controller follows it: signatures, and no way back. Left out: "
        "nothing needs a signature, and only force pushes and rollbacks are refused.",
        example={"allowedSigners": "keys/allowed_signers"},
        source=_FILE,
        default=None,
    )
    statuses: CommitStatuses | None = rule(
        "Where the Git host shows beside each commit what became of it in each stage. Left out: nowhere.",
        example={
            "type": "github",
            "repository": "acme/mail",
            "token": {"secretRef": {"store": "env", "key": "STATUS_TOKEN"}},
        },
        source=_FILE,
        default=None,
    )

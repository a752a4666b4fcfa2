"""The second copy of the journal: on a protected branch, so that the database is never the audit's only copy.

Not here: copying (``reconcile.archiving``).
"""

from typing import Final

from stagemail.resources.duration import LastingSeconds
from stagemail.resources.secret_reference import SecretReference
from stagemail.resources.shape import Shape, rule
from stagemail.resources.sources import GitLogin
from stagemail.resources.text import Branch, Line

_FILE: Final = "stagemail design: the operator file"


class Journal(Shape):
    """Where `stagemail controller` copies the journal to: every event, on a branch that nobody can rewind."""

    branch: Branch = rule(
        "The branch. It is made with the first copy; forbid force pushes and deletion of it, and let nobody else push.",
        example="stagemail-journal",
        source=_FILE,
    )
    key: SecretReference = rule(
        "The secret that seals its lines: at least 32 characters, and kept where the database's key is not.",
        example={"secretRef": {"store": "env", "key": "JOURNAL_KEY"}},
        source="RFC 2104; stagemail design: the record on a branch",
    )
    url: Line | None = rule(
        "The repository of the branch. Left out: `source.url`, or `origin` of the checkout.",
        example="https://git.example.com/audit.git",
        source=_FILE,
        default=None,
    )
    login: GitLogin | None = rule(
        "How to log in over https, with a token that may write. Left out: as `source.login` says, where `url` is left "
        "out; over ssh the keys of the controller's user are used.",
        example={"password": {"secretRef": {"store": "env", "key": "JOURNAL_TOKEN"}}},
        source=_FILE,
        default=None,
    )
    every: LastingSeconds = rule(
        "How long events wait at most, so that they are copied together.", example="5m", source=_FILE, default="60s"
    )

"""Makes a commit of a few files out of nothing: no checkout, no index, no hook, no ref, an identity of our own.

Not here: sending it anywhere (``remote_branch``). Source: git-hash-object(1), git-mktree(1), git-commit-tree(1).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from stagemail.dataclass import dataclass
from stagemail.errors import UsageError
from stagemail.git.arguments import safe_path
from stagemail.git.repository import Repository, full_id


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit of ours is by."""

    name: str = "stagemail"
    email: str = "stagemail@localhost"


STAGEMAIL = Identity()


def commit_files(
    repository: Repository,
    files: Mapping[str, bytes | str],
    *,
    parent: str | None,
    message: str,
    at: datetime,
    identity: Identity = STAGEMAIL,
) -> str:
    """The full id of a new commit that holds exactly these files, by their names at the top of the tree.

    A file is its bytes, or the id of the blob that it is already.
    ``parent``: a full id, None for the first commit of a branch. Nothing names the commit until it is pushed.
    """
    if not identity.name.strip() or not identity.email.strip() or {*"<>\n\0"} & {*identity.name, *identity.email}:
        raise UsageError("a commit needs a name and an address without < and >.", hint="Mend the identity.")
    blobs = {
        _name(name): full_id(data) if isinstance(data, str) else _written(repository, data)
        for name, data in sorted(files.items())
    }
    entries = "".join(f"100644 blob {blob}\t{name}\0" for name, blob in blobs.items())
    tree = repository.command.run("mktree", "-z", stdin=entries.encode(), what="a tree")
    parents = ["-p", full_id(parent)] if parent else []
    command = replace(repository.command, environment={**repository.command.environment, **_by(identity, at)})
    made = command.run(
        "commit-tree", "--no-gpg-sign", *parents, _id(tree), stdin=message.encode(), what="a commit",
    )  # fmt: skip
    return _id(made)


def _name(name: str) -> str:
    if "/" in safe_path(name) or not name:
        raise UsageError(f"{name!r} is no file at the top of a tree.", hint="Name one without folders.")
    return name


def _written(repository: Repository, data: bytes) -> str:
    return _id(repository.command.run("hash-object", "-w", "--no-filters", "--stdin", stdin=data, what="a blob"))


def _by(identity: Identity, at: datetime) -> dict[str, str]:
    """Git's variables for author and committer; times in UTC, so that no machine's zone shows."""
    when = f"{int(at.timestamp())} +0000"
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", identity.name), ("EMAIL", identity.email), ("DATE", when))
    }


def _id(answer: bytes) -> str:
    return full_id(answer.decode("ascii", "replace").strip())

"""The revision of a branch that was last accepted, kept as a ref of the mirror: a force push cannot move it.

Not here: judging a revision (``source.following``).
"""

from stagemail.git.arguments import safe_branch
from stagemail.git.repository import Repository, full_id


def accepted(repository: Repository, branch: str) -> str:
    """The full id, or "" where none was accepted yet."""
    status, answer, _ = repository.command.attempt("rev-parse", "--verify", "--quiet", _ref(branch))
    return full_id(answer.decode("ascii", "replace").strip()) if status == 0 else ""


def accept(repository: Repository, branch: str, commit: str) -> None:
    """Remember this commit; it stays in the repository although the branch may move away from it."""
    what = f"remembering {commit[:12]} as accepted"
    repository.command.run("update-ref", "--no-deref", _ref(branch), full_id(commit), what=what)


def _ref(branch: str) -> str:
    return f"refs/stagemail/accepted/{safe_branch(branch)}"

"""One branch of a clone's remote: where it is, its commits, and a push that lands only if nobody else was faster.

Works inside the clone, with the credentials that its own configuration holds (as CI's checkout leaves them there), and
touches no branch, index or working tree of it; a push shows below refs/remotes, as any does.
Not here: making commits (``committing``).
Source: git-ls-remote(1), git-fetch(1), git-push(1) with --porcelain and --force-with-lease.
"""

from dataclasses import field, replace
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.errors import NotFound, UserMustFix
from stagemail.git.arguments import safe_branch
from stagemail.git.command import Command
from stagemail.git.failure import failure
from stagemail.git.history import cut_off
from stagemail.git.mirroring import Access
from stagemail.git.pushing import MOVED, refusal
from stagemail.git.repository import Repository, full_id

REMOTE: Final = "origin"
PROTOCOLS: Final = ("https", "ssh", "file")
"""A clone's own remote may be a folder as well: its address comes from the clone, not from a document."""
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class RemoteBranch:
    """``branch`` (short name) of the remote ``origin`` of a clone. Raises UsageError for a name that is none."""

    repository: Repository
    branch: str
    access: Access = field(default_factory=lambda: Access(protocols=PROTOCOLS, timeout=120.0))

    def __post_init__(self) -> None:
        safe_branch(self.branch)

    @property
    def ref(self) -> str:
        """The branch's full name at the remote."""
        return f"refs/heads/{self.branch}"

    @property
    def kept(self) -> str:
        """The ref under which the clone keeps what it knows of the branch, out of sight of people's branches."""
        return f"refs/stagemail/{self.branch}"

    def remote(self) -> Command:
        """Git with the transports and credentials that the remote may be reached by."""
        own = self.repository.command
        allowed = {"GIT_ALLOW_PROTOCOL": ":".join(self.access.protocols)}
        environment = {**own.environment, **allowed, **self.access.environment}
        return replace(own, config=(*own.config, *_OWN_CONFIG, *self.access.config), environment=environment)


_OWN_CONFIG: Final = ((f"remote.{REMOTE}.mirror", "false"), ("push.pushOption", ""))
_PROGRAMS: Final = {"fetch": "--upload-pack=git-upload-pack", "push": "--receive-pack=git-receive-pack"}
"""Said each time, because a clone's configuration may name other programs for its remote."""


def tip(at: RemoteBranch) -> str | None:
    """The full id of the branch's newest commit; None where the remote has no such branch.

    Raises NotFound (no remote), NotPermitted, Unreachable.
    """
    answer = at.remote().run(
        "ls-remote", _PROGRAMS["fetch"], "--end-of-options", REMOTE, at.ref, timeout=at.access.timeout,
        what=f"asking {REMOTE} for the branch {at.branch}",
    )  # fmt: skip
    for line in answer.decode("utf-8", "replace").splitlines():
        found, _, name = line.partition("\t")
        if name == at.ref:
            return full_id(found)
    return None


def fetch(at: RemoteBranch, commit: str) -> None:
    """Have this commit of the branch, and all before it, in the clone. Raises NotFound where the branch has moved."""
    if not has(at.repository, commit):
        at.remote().run(
            "fetch", "--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules",
            "--no-filter", "--refmap=", _PROGRAMS["fetch"], "--end-of-options", REMOTE, at.ref,
            timeout=at.access.timeout, what=f"fetching the branch {at.branch}",
        )  # fmt: skip
    if not has(at.repository, commit):
        raise NotFound(f"The branch {at.branch} moved while it was fetched.", hint="Try again.")
    keep(at, commit)


def keep(at: RemoteBranch, commit: str) -> None:
    """Remember the newest known commit, so that the next fetch asks for what is new only. Not being able to is fine."""
    at.repository.command.attempt("update-ref", "--no-deref", at.kept, full_id(commit))


def has(repository: Repository, commit: str) -> bool:
    """Whether the clone holds this commit."""
    return repository.command.attempt("cat-file", "-e", f"{full_id(commit)}^{{commit}}")[0] == 0


def is_before(repository: Repository, old: str, new: str) -> bool:
    """Whether one commit is the other, or came before it; both must be in the clone."""
    return repository.command.attempt("merge-base", "--is-ancestor", full_id(old), full_id(new))[0] == 0


def trailers(at: RemoteBranch, commit: str, key: str) -> tuple[tuple[str, str], ...]:
    """Every commit up to this one with what its trailer ``key`` says ("" for none), newest first.

    Raises UserMustFix where the clone's history of the branch is cut off.
    """
    pattern = f"--format=%H{_SEPARATOR}%(trailers:key={key},valueonly,separator=%x2C)"
    answer = at.repository.command.run(
        "log", "--no-show-signature", "--no-decorate", "--no-color", "--no-patch", pattern, full_id(commit), "--",
        what=f"history of the branch {at.branch}",
    )  # fmt: skip
    lines = (line.partition(_SEPARATOR) for line in answer.decode("utf-8", "replace").split("\n") if line)
    found = tuple((known, said.strip()) for known, _, said in lines)
    cut = cut_off(at.repository) & {known for known, _ in found}
    if cut:
        raise UserMustFix(
            f"The history of the branch {at.branch} is cut off in this clone (at {min(cut)[:12]}), so nobody can see "
            "whether lines of the record were removed.",
            hint="Clone with full history (fetch-depth: 0), or run `git fetch --unshallow` in the clone.",
        )
    return found


def push(at: RemoteBranch, commit: str, expected: str | None) -> bool:
    """Make the branch this commit if it still is ``expected`` (None: if it is not there). False where it moved.

    Raises NotPermitted with what to allow, Unreachable where the answer never came (it may have landed).
    """
    status, answer, errors = at.remote().attempt(
        "push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no",
        f"--force-with-lease={at.ref}:{expected or ''}", _PROGRAMS["push"], "--end-of-options", REMOTE,
        f"{full_id(commit)}:{at.ref}", timeout=at.access.timeout,
    )  # fmt: skip
    if status == 0:
        keep(at, commit)
        return True
    found = refusal(answer.decode("utf-8", "replace"), errors, at.branch)
    if found == MOVED:
        return False
    if found is None:
        what = f"pushing the branch {at.branch}"
        found = failure("git push", status, errors, at=at.repository.command.at, timeout=at.access.timeout, what=what)
    raise found

"""Who did what: one commit, the commits of some paths, the last commit of a line.

Names and subjects are other people's text: control characters are taken out, and a repository's ``.mailmap`` is not
believed. Not here: what a commit contains (``objects``).
"""

from collections.abc import Sequence

from stagemail.errors import NotFound
from stagemail.git.arguments import safe_path
from stagemail.git.repository import Repository, full_id
from stagemail.model.revision import Commit

_FORMAT = "--format=%H%x00%an <%ae>%x00%cI%x00%s"
_FIELDS = 4


def commit(repository: Repository, revision: str) -> Commit:
    """One commit by its full id. Raises NotFound."""
    return _log(repository, full_id(revision), 1, ())[0]


def head(repository: Repository) -> Commit:
    """The commit that is checked out. Raises NotFound where nothing is committed yet."""
    return _log(repository, "HEAD", 1, ())[0]


def log(
    repository: Repository, revision: str, paths: Sequence[str], limit: int, since: str | None = None
) -> tuple[Commit, ...]:
    """The newest commits up to ``revision`` (a full id) that changed any of the paths (none: all), newest first.

    ``since``: the full id of a commit that, with all before it, is left out.
    """
    return _log(repository, full_id(revision), limit, paths, [f"^{full_id(since)}"] if since is not None else [])


def _log(
    repository: Repository, revision: str, limit: int, paths: Sequence[str], without: Sequence[str] = ()
) -> tuple[Commit, ...]:
    where = [safe_path(path) for path in paths]
    answer = repository.command.run(
        "log", "-z", f"--max-count={limit:d}", "--no-mailmap", "--no-show-signature", "--no-ext-diff", "--no-patch",
        "--no-color", "--no-decorate", _FORMAT, revision, *without, "--", *where, what=f"commit {revision[:12]}",
    )  # fmt: skip
    # With -z git writes NUL after every commit's record; a lost newline cannot be told from one of the subject.
    fields = answer.decode("utf-8", "replace").split("\0")
    records = [fields[n : n + _FIELDS] for n in range(0, len(fields) - _FIELDS + 1, _FIELDS)]
    return tuple(Commit(r[0].strip(), clean(r[1]), r[2], clean(r[3])) for r in records)


def commits_between(repository: Repository, old: str, new: str, limit: int) -> tuple[tuple[Commit, str], ...]:
    """The commits that ``new`` has and ``old`` has not (full ids), newest first, each with its whole message."""
    answer = repository.command.run(
        "log", "-z", f"--max-count={limit:d}", "--no-mailmap", "--no-show-signature", "--no-ext-diff", "--no-patch",
        "--no-color", "--no-decorate", f"{_FORMAT}%x00%B", full_id(new), f"^{full_id(old)}", "--",
        what=f"commits from {old[:12]} to {new[:12]}",
    )  # fmt: skip
    fields = answer.decode("utf-8", "replace").split("\0")
    size = _FIELDS + 1
    records = [fields[n : n + size] for n in range(0, len(fields) - size + 1, size)]
    return tuple((Commit(r[0].strip(), clean(r[1]), r[2], clean(r[3])), r[4]) for r in records)


def blame(repository: Repository, path: str, line: int, revision: str | None) -> Commit | None:
    """Who last changed a line (from 1) at a revision (full id), or in the working tree where it is None.

    None for a line that is not committed, or not there, or where a shallow clone does not know.
    """
    at = [full_id(revision)] if revision else []
    if not revision and repository.command.attempt("rev-parse", "--verify", "--quiet", "HEAD")[0] != 0:
        return None
    try:
        answer = repository.command.run(
            "blame", "--porcelain", "--no-textconv", "-L", f"{line:d},{line:d}", *at, "--", safe_path(path),
            what=f"{path}:{line}",
        )  # fmt: skip
    except NotFound:
        return None
    found = answer[:200].split(b" ", 1)[0].decode("ascii", "replace")
    return commit(repository, found) if found.strip("0") and found not in cut_off(repository) else None


def cut_off(repository: Repository) -> frozenset[str]:
    """Commits whose parents a shallow clone leaves out, so that each seems to have made everything that it holds.

    Source: gitrepository-layout(5), shallow.
    """
    if not repository.shallow:
        return frozenset()
    answer = repository.command.run("rev-parse", "--path-format=absolute", "--git-path", "shallow")
    path = answer.decode("utf-8", "surrogateescape").removesuffix("\n")
    try:
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123 - the name may not be UTF-8
            return frozenset(file.read().split())
    except FileNotFoundError:
        return frozenset()


def clean(text: str) -> str:
    """Other people's text on one line, without control characters."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text.strip())

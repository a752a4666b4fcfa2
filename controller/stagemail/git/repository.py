"""Opening a repository, and resolving what a person calls a revision to a full id.

Not here: reading it (``objects``, ``history``, ``worktree``), getting one (``mirroring``).
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stagemail.dataclass import dataclass
from stagemail.errors import NotFound, NotPermitted, UserMustFix
from stagemail.git.arguments import safe_ref
from stagemail.git.command import TIMEOUT, Command, check_version, note_capable
from stagemail.git.failure import failure

_MOST_FILTERS = 100
_PLACE = ("--absolute-git-dir", "--is-bare-repository", "--is-shallow-repository", "--is-inside-work-tree")
"""What rev-parse is asked of any repository; it answers each on a line."""
FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Repository:
    """An opened repository. ``top`` is its working tree, None for a bare one."""

    folder: Path
    """The ``.git`` folder, or the bare repository itself."""
    top: Path | None
    shallow: bool
    command: Command


def open_repository(path: Path) -> Repository:
    """The repository that ``path`` (a folder) is in. Raises NotFound, NotPermitted (it belongs to somebody else)."""
    if not path.is_dir():
        raise NotFound(f"{path} is not a folder.", hint="Name a folder inside a clone.")
    try:
        return _opened(path, ())
    except NotPermitted:
        trusted = trusted_by_user(path)
        if not trusted:
            raise
        return _opened(path, tuple(("safe.directory", folder) for folder in trusted))


def discover(path: Path) -> Repository | None:
    """As ``open_repository``; None where the folder is in no repository. Other errors are raised."""
    try:
        return open_repository(path)
    except NotFound:
        if path.is_dir() and _git_is_there():
            return None
        raise


def resolve(repository: Repository, ref: str) -> str:
    """The full id of the commit that ``ref`` names. Raises UsageError, NotFound."""
    answer = repository.command.run(
        "rev-parse", "--verify", "--end-of-options", f"{safe_ref(ref)}^{{commit}}", what=f"revision {ref!r}"
    )
    return full_id(answer.decode("ascii", "replace").strip())


def is_full_id(text: str) -> bool:
    """Whether the text is a full object id."""
    return FULL_ID.fullmatch(text) is not None


def full_id(text: str) -> str:
    """The text, if it is a full object id. Raises NotFound."""
    if not FULL_ID.fullmatch(text):
        raise NotFound(f"{text[:80]!r} is no full object id.", hint="Resolve the name first.")
    return text


def _git_is_there() -> bool:
    Command(Path("/")).run("version")
    return True


def _opened(path: Path, config: tuple[tuple[str, str], ...]) -> Repository:
    at = path.resolve()
    with _configured_filters(at, config) as filters:
        return _opened_with(at, config, filters)


def _opened_with(at: Path, config: tuple[tuple[str, str], ...], filters: Callable[[], Sequence[str]]) -> Repository:
    # One process for all: git answers in order and fails at the last where there is no working tree.
    status, answer, errors = Command(at, config).attempt("rev-parse", *_PLACE, "--show-toplevel", is_trial=True)
    lines = answer.decode("utf-8", "surrogateescape").split("\n", len(_PLACE))
    if len(lines) <= len(_PLACE):
        raise failure("git rev-parse", status, errors, at=at, timeout=TIMEOUT)
    folder, bare, shallow, inside, rest = lines
    if bare != "true" and inside != "true":
        raise NotFound(f"{at} is inside a .git folder.", hint="Name the folder of the working tree.")
    if bare != "true" and status != 0:
        raise failure("git rev-parse", status, errors, at=at, timeout=TIMEOUT)
    top = None if bare == "true" else Path(rest.removesuffix("\n"))
    config = (*config, *_off(filters()))
    return Repository(Path(folder), top, shallow == "true", Command(top or Path(folder), config))


@contextmanager
def _configured_filters(at: Path, config: tuple[tuple[str, str], ...]) -> Iterator[Callable[[], Sequence[str]]]:
    """Ask meanwhile for the filters of the repository (LFS too): what is given waits for their names.

    Whether this git takes configuration from us at all shows in the same answer, by a name that nobody could foresee;
    UserMustFix is raised where it does not, and for too many filters.
    """
    mark = f"stagemail.m{os.urandom(8).hex()}"
    pattern = r"^(filter|stagemail)\."
    command = Command(at, (*config, (mark, "")))
    with command.meanwhile("config", "--null", "--name-only", "--get-regexp", pattern) as ended:

        def names() -> Sequence[str]:
            found = {name for name in ended()[1].decode("utf-8", "surrogateescape").split("\0") if name}
            if mark in found:
                note_capable()
            else:
                check_version()
            filters = sorted({name.rpartition(".")[0] for name in found if name.startswith("filter.")})
            if len(filters) > _MOST_FILTERS:
                raise UserMustFix(
                    f"{at} defines more than {_MOST_FILTERS} filters.", hint="Remove them from its .git/config."
                )
            return filters

        yield names


def _off(filters: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Configuration that switches them off: status and blame would run them."""
    off = tuple((f"{name}.{key}", "") for name in filters for key in ("clean", "smudge", "process"))
    return (*off, *((f"{name}.required", "false") for name in filters))


def trusted_by_user(path: Path) -> tuple[str, ...]:
    """The folders that the user or the machine declared safe: the one thing that we take from their configuration."""
    command = Command(path, environment={"GIT_CONFIG_NOSYSTEM": "0", "GIT_CONFIG_GLOBAL": str(_user_config())})
    folders: list[str] = []
    for scope in ("--system", "--global"):
        status, answer, _ = command.attempt("config", scope, "--null", "--get-all", "safe.directory")
        if status == 0:
            folders += answer.decode("utf-8", "surrogateescape").split("\0")[:-1]
    last_reset = max((n for n, folder in enumerate(folders) if not folder), default=-1)
    return tuple(folders[last_reset + 1 :])


def _user_config() -> Path:
    first = Path("~/.gitconfig").expanduser()
    return first if first.exists() else Path("~/.config/git/config").expanduser()

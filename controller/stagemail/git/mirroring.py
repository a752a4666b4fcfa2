"""A bare mirror of a remote repository: made, and brought up to date. Nothing is ever checked out.

Not here: when to fetch (``reconcile.loop``), verifying who signed.
"""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.errors import NotFound, Unreachable, UserMustFix
from stagemail.git.arguments import DEFAULT_PROTOCOLS, safe_branch, safe_url, transport
from stagemail.git.command import Command
from stagemail.git.repository import Repository, full_id, open_repository, trusted_by_user

STALE: Final = 60.0
"""Seconds after which a lock on a reference of a mirror is nobody's."""
TRUSTED: Final = "stagemail-trusted"
"""The file in a mirror that says which repositories of this machine git may read though somebody else owns them."""
TURN: Final = 0.05
"""Seconds between two tries to be the only one in a mirror."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a remote may be reached. ``config`` is git configuration (``http.extraHeader`` …); it never shows in a list

    of processes. ``timeout`` in seconds.
    """

    protocols: tuple[str, ...] = DEFAULT_PROTOCOLS
    config: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 300.0


def mirror(url: str, folder: Path, *, branch: str | None, access: Access) -> Repository:
    """Fetch every branch (or one) with full history into the bare repository ``folder``, which is made where missing.

    HEAD is the branch, or the remote's own. Branches that the remote lost are removed. Raises UsageError,
    Unreachable, NotPermitted, NotFound, UserMustFix.
    """
    safe_url(url, access.protocols)
    head = f"refs/heads/{safe_branch(branch)}" if branch is not None else None
    _make(folder)
    with _alone(folder, access.timeout):
        _free(folder)
        Command(folder).run("init", "--quiet", "--bare", "--template=", ".", what=f"mirror {folder}")
        if transport(url) == "file":
            _trust(folder)
        remote = _reaching(folder, access)
        refs = head or "refs/heads/*"
        what = f"fetching {url}"
        remote.run(
            "fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
            "--end-of-options", url, f"+{refs}:{refs}", timeout=access.timeout, what=what,
        )  # fmt: skip
        head = head or _remote_head(remote, url, access.timeout)
        Command(folder).run("symbolic-ref", "HEAD", head, what=what)
        os.utime(folder)
    return open_repository(folder)


def _reaching(folder: Path, access: Access) -> Command:
    """How to ask the remote of a mirror."""
    environment = {"GIT_ALLOW_PROTOCOL": ":".join(access.protocols), **access.environment}
    if (folder / TRUSTED).is_file():  # git hands this one variable on to whoever reads a repository of this machine
        environment["GIT_CONFIG_GLOBAL"] = str(folder / TRUSTED)
    return Command(folder, access.config, environment)


def _trust(folder: Path) -> None:
    """Write down whom the user or the machine trusts, and nothing else of their configuration."""
    trusted = [name for name in trusted_by_user(folder) if name.isprintable()]
    path = folder / TRUSTED
    if not trusted:
        path.unlink(missing_ok=True)
        return
    quoted = (name.replace("\\", "\\\\").replace('"', '\\"') for name in trusted)
    made = path.with_name(f"{TRUSTED}.new")
    made.write_text("[safe]\n" + "".join(f'\tdirectory = "{name}"\n' for name in quoted), encoding="utf-8")
    made.replace(path)


@contextmanager
def _alone(folder: Path, longest: float) -> Iterator[None]:
    """Be the only one who changes a mirror: processes of one host share it, and git would refuse the second.

    The lock is on the folder itself and ends with its process; where a file system has none, git's own must do.
    Raises Unreachable where others did not end within ``longest`` seconds.
    """
    opened = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + longest
        while not _locked(opened):
            if time.monotonic() > until:
                raise Unreachable(
                    f"another process has been fetching into the mirror {folder} for over {longest:g} s",
                    hint="it is tried again; where it never ends, find it (fuser names it) and stop it",
                )
            time.sleep(TURN)
        yield
    finally:
        os.close(opened)


def _locked(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _free(folder: Path) -> None:
    """Take away the locks that a git which was killed left in a mirror: nobody else would ever do so.

    Git holds these for one change of a reference, never while it fetches. The file system's clock says how old one is.
    """
    with suppress(OSError):
        os.utime(folder)
        now = folder.stat().st_mtime
        for lock in (*folder.glob("*.lock"), *folder.glob("refs/**/*.lock")):
            if now - lock.stat().st_mtime > STALE:
                lock.unlink()


def workshop(url: str, folder: Path, protocols: tuple[str, ...]) -> Repository:
    """A bare repository of our own with this remote, made where it is missing: for commits that are only pushed.

    Nothing is fetched. Raises UsageError for an address that is none.
    """
    safe_url(url, protocols)
    _make(folder)
    if not (folder / "HEAD").is_file():  # several processes may work here at once, and making it takes a lock
        Command(folder).run("init", "--quiet", "--bare", "--template=", ".", what=f"folder {folder}")
    found = open_repository(folder)
    remote = ("remote.origin.url", url)
    return replace(found, command=replace(found.command, config=(*found.command.config, remote)))


def _make(folder: Path) -> None:
    failed = ""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        failed = os.strerror(error.errno or 0)
    if failed:
        raise UserMustFix(
            f"the folder of the mirror {folder} cannot be made: {failed}",
            hint="mend the path, its permissions or the space on its disk; $XDG_CACHE_HOME says where it lies",
        )


def origin(repository: Repository) -> str:
    """The address of a clone's remote ``origin``, "" where it has none."""
    status, answer, _ = repository.command.attempt("config", "--get", "remote.origin.url")
    return answer.decode("utf-8", "replace").strip() if status == 0 else ""


def remote_tip(url: str, *, branch: str | None, access: Access, at: Path) -> str | None:
    """The full id of a remote's branch (None: of its HEAD) now; None where it has none. Nothing is fetched.

    ``at`` is any folder. Raises UsageError, Unreachable, NotPermitted, NotFound, UserMustFix.
    """
    safe_url(url, access.protocols)
    name = "HEAD" if branch is None else f"refs/heads/{safe_branch(branch)}"
    answer = _reaching(at, access).run(
        "ls-remote", "--end-of-options", url, name, timeout=access.timeout, what=f"asking {url} for its branch"
    )
    lines = (line.partition("\t") for line in answer.decode("utf-8", "replace").splitlines())
    return next((full_id(found) for found, _, known in lines if known == name), None)


def _remote_head(remote: Command, url: str, timeout: float) -> str:
    answer = remote.run(
        "ls-remote", "--symref", "--end-of-options", url, "HEAD", timeout=timeout, what=f"asking {url} for its branch"
    )
    for line in answer.decode("utf-8", "replace").splitlines():
        if line.startswith("ref: refs/heads/"):
            return f"refs/heads/{safe_branch(line.removeprefix('ref: refs/heads/').partition(chr(9))[0])}"
    raise NotFound(f"{url} does not say which branch is its main one.", hint="Name the branch.")

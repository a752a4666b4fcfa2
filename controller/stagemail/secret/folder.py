"""Files below one folder, opened so that nothing outside it and nothing but a file can be read.

Every component is opened by itself, relative to the folder before it, without following links (``openat``,
``O_NOFOLLOW``, ``O_NONBLOCK``), and checked before and after, so a FIFO does not hang and no device is touched.
Not here: what the files hold (``file``, ``age``).
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stagemail.errors import NotFound, NotPermitted, SecretUnusable, StagemailError, Unreachable

_MAX_LINKS: Final = 8
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class Folder:
    """One folder of secrets.

    ``follow_links_inside``: follow relative links that stay below the folder, as Kubernetes mounts a Secret
    (``password`` → ``..data/password``). Off, every link below the folder is refused.
    """

    def __init__(self, path: Path, *, follow_links_inside: bool = False) -> None:
        self.path = path
        self._links = _MAX_LINKS if follow_links_inside else 0

    @contextmanager
    def opened(self, parts: list[str], where: str) -> Iterator[int]:
        """The descriptor of the regular file at these components.

        Raises NotFound, NotPermitted, SecretUnusable, Unreachable.
        """
        failed: OSError | None = None
        descriptor = -1
        try:
            descriptor = self._walk(parts, where)
        except OSError as error:
            failed = error
        if failed is not None:
            raise _refused(failed, where)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def content(self, parts: list[str], where: str, limit: int) -> bytes:
        """All bytes of the file, or more than ``limit``. A file that everybody may write is refused, for whoever may
        write it chooses our credential."""
        with self.opened(parts, where) as file:
            if os.fstat(file).st_mode & stat.S_IWOTH:
                path = self.path.joinpath(*parts)
                raise NotPermitted(f"{where} may be written by everybody", hint=f"chmod o-w {path}")
            return _content(file, where, limit)

    def _walk(self, parts: list[str], where: str) -> int:
        here = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        links = self._links
        try:
            while True:
                name, *parts = parts
                mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
                if stat.S_ISLNK(mode):
                    parts = _target(os.readlink(name, dir_fd=here), links, where) + parts
                    links -= 1
                    continue
                _require(mode, bool(parts), where)
                below = os.open(name, _FLAGS, dir_fd=here)
                os.close(here)
                here = below
                _require(_real(here, where), bool(parts), where)
                if not parts:
                    return here
        except BaseException:
            os.close(here)
            raise


def _target(link: str, left: int, where: str) -> list[str]:
    """The components of a link's target, if links may be followed and it only leads down."""
    parts = link.split("/")
    if not left or not all(parts) or any(part in (".", "..") for part in parts):
        raise SecretUnusable(
            f"{where} is or passes a symbolic link",
            hint="name the file itself; for a mounted Kubernetes Secret set `followLinksInside: true` on the store, "
            "which follows links that stay below its folder",
        )
    return parts


def _require(mode: int, folder: bool, where: str) -> None:
    """Refuse what is neither a folder on the way nor, at its end, a regular file."""
    if not (stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode)):
        what = "passes something that is no folder" if folder else "is not a regular file"
        raise SecretUnusable(f"{where} {what}", hint="name a regular file below the store's folder")


def _real(descriptor: int, where: str) -> int:
    """The mode of an open file. Refuses the kernel's file systems, whose files are regular in name only."""
    info = os.fstat(descriptor)
    for kernel in ("/proc", "/sys"):
        try:
            same = Path(kernel).stat().st_dev == info.st_dev and Path(kernel).is_mount()
        except OSError:
            continue
        if same:
            raise SecretUnusable(f"{where} is in {kernel}", hint="keep secrets in files of a real file system")
    return info.st_mode


def _content(file: int, where: str, limit: int) -> bytes:
    data = b""
    failed: OSError | None = None
    try:
        while len(data) <= limit and (more := os.read(file, limit + 1 - len(data))):
            data += more
    except OSError as error:
        failed = error
    if failed is not None:
        raise _refused(failed, where)
    return data


def _refused(error: OSError, where: str) -> StagemailError:
    """What the system's answer means to the user."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return NotFound(f"{where} does not exist", hint="check `key` and the store's `path`, or put the secret there")
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotPermitted(f"{where} may not be read", hint="let the user that stagemail runs as read it")
    if error.errno == errno.ELOOP:
        return SecretUnusable(f"{where} became a symbolic link while it was opened", hint="name the file itself")
    return Unreachable(f"{where} could not be read: {os.strerror(error.errno or 0)}", hint="run again later")

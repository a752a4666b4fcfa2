"""Secrets from files below one folder, opened so that nothing outside it and nothing but a file can be read.

Every component is opened by itself, relative to the folder before it, without following links (``openat``,
``O_NOFOLLOW``, ``O_NONBLOCK``), and checked before and after, so a FIFO does not hang and no device is touched.

No versions: a file keeps none. Its times and number differ between checkouts and mounts of the same value, and its
size would tell the length of the credential. Rotation is noticed by the fingerprint.

A file that everybody may write is refused, for whoever may write it chooses our credential. One that everybody may
read is read, since Kubernetes and Docker mount secrets like that, and ``origin`` says so.
Not here: the text and JSON inside (``value``).
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stagemail.errors import NotFound, NotPermitted, SecretUnusable, StagemailError, Unreachable
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret.key import path_of, with_field
from stagemail.secret.value import LIMIT, from_bytes, refuse_pin

_MAX_LINKS: Final = 8
_HINT: Final = "write the file's path below the store's folder, such as qa/smtp-password"
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class FileStore:
    """Implements ``ports.SecretStore`` over one folder.

    ``follow_links_inside``: follow relative links that stay below the folder, as Kubernetes mounts a Secret
    (``password`` → ``..data/password``). Off, every link below the folder is refused.
    """

    def __init__(self, folder: Path, *, follow_links_inside: bool = False) -> None:
        self._folder = folder
        self._links = _MAX_LINKS if follow_links_inside else 0

    def read(self, ref: SecretRef) -> SecretVersion:
        """The file's text without one final newline.

        Raises InvalidInput (key), NotFound, NotPermitted, SecretUnusable, Unreachable.
        """
        where = self._where(ref)
        refuse_pin(ref, where)
        with self._opened(ref) as file:
            if os.fstat(file).st_mode & stat.S_IWOTH:
                raise NotPermitted(f"{where} may be written by everybody", hint=f"chmod o-w {self._folder / ref.key}")
            data = _content(file, where)
        return SecretVersion(from_bytes(_without_newline(data), ref, where))

    def origin(self, ref: SecretRef) -> str:
        """The file's path, in words, and whether everybody may read it."""
        try:
            with self._opened(ref) as file:
                open_to_all = os.fstat(file).st_mode & stat.S_IROTH
        except StagemailError:
            open_to_all = 0
        return f"{self._where(ref)} (every user of this machine may read it)" if open_to_all else self._where(ref)

    def _where(self, ref: SecretRef) -> str:
        return with_field(f"file {self._folder / ref.key}", ref)

    @contextmanager
    def _opened(self, ref: SecretRef) -> Iterator[int]:
        """The descriptor of the regular file that the key names."""
        where, parts = self._where(ref), path_of(ref, _HINT)
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

    def _walk(self, parts: list[str], where: str) -> int:
        here = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
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


def _content(file: int, where: str) -> bytes:
    """All bytes, or one more than the limit allows."""
    data = b""
    failed: OSError | None = None
    try:
        while len(data) < LIMIT + 3 and (more := os.read(file, LIMIT + 3 - len(data))):
            data += more
    except OSError as error:
        failed = error
    if failed is not None:
        raise _refused(failed, where)
    return data


def _without_newline(data: bytes) -> bytes:
    return data[:-2] if data.endswith(b"\r\n") else data.removesuffix(b"\n")


def _refused(error: OSError, where: str) -> StagemailError:
    """What the system's answer means to the user."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return NotFound(f"{where} does not exist", hint="check `key` and the store's `path`, or put the secret there")
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotPermitted(f"{where} may not be read", hint="let the user that stagemail runs as read it")
    if error.errno == errno.ELOOP:
        return SecretUnusable(f"{where} became a symbolic link while it was opened", hint="name the file itself")
    return Unreachable(f"{where} could not be read: {os.strerror(error.errno or 0)}", hint="run again later")


def build(settings: Mapping[str, object], base: Path, environ: Mapping[str, str]) -> FileStore:  # noqa: ARG001
    """The store of an operator file's entry: ``path`` (relative to ``base``) and ``followLinksInside``."""
    return FileStore(base / str(settings["path"]), follow_links_inside=settings.get("followLinksInside", False) is True)

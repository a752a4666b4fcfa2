"""Listing and opening files below a folder without ever following a link, blocking on a FIFO or leaving the folder.

Not here: which of them are committed (``working_tree``).
"""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.errors import InvalidInput, NotPermitted
from stagemail.source.quota import Quota
from stagemail.source.tree import printable

Kind = Literal["file", "symlink", "other"]
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A directory entry that is no folder; ``path`` is relative to the top, ``size`` in bytes."""

    path: str
    kind: Kind
    size: int


def walk(top: Path, folders: Sequence[str], quota: Quota) -> Iterator[Found]:
    """Everything that is not hidden below the folders (none: below ``top``), folders themselves left out.

    A folder that does not exist gives nothing. Raises InvalidInput over quota, NotPermitted.
    """
    todo: list[tuple[str, int]] = []
    for folder in folders or ("",):
        kind = _kind_of_folder(top, folder)
        if kind == "folder":
            todo.append((folder, 0))
        elif kind == "symlink":
            yield Found(folder, "symlink", 0)
    visited = 0
    while todo:
        folder, depth = todo.pop()
        if depth > quota.depth:
            raise InvalidInput(f"{printable(folder)} lies more than {quota.depth} folders deep.", hint="Flatten it.")
        for entry in _scan(top, folder):
            visited += 1
            quota.check_visited(visited)
            if entry.name.startswith("."):
                continue
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                todo.append((path, depth + 1))
            else:
                yield _found(path, entry)


def _kind_of_folder(top: Path, folder: str) -> Literal["folder", "symlink", "missing"]:
    at = top
    for step in filter(None, folder.split("/")):
        at /= step
        try:
            mode = at.lstat().st_mode
        except OSError:
            return "missing"
        if stat.S_ISLNK(mode):
            return "symlink"
        if not stat.S_ISDIR(mode):
            return "missing"
    return "folder"


def _scan(top: Path, folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(top / folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise NotPermitted(
            f"{printable(folder) or top} cannot be listed: {error.strerror}.", hint="chmod +rx"
        ) from None


def _found(path: str, entry: os.DirEntry[str]) -> Found:
    if entry.is_symlink():
        return Found(path, "symlink", 0)
    if not entry.is_file(follow_symlinks=False):
        return Found(path, "other", 0)
    return Found(path, "file", entry.stat(follow_symlinks=False).st_size)


def read_file(top: Path, path: str, limit: int) -> bytes | None:
    """The bytes of a regular file, at most ``limit`` + 1 of them; None where it is gone or no regular file any more.

    Raises NotPermitted.
    """
    *folders, name = path.split("/")
    at = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
        return _read(os.open(name, _FILE, dir_fd=at), limit)
    except PermissionError as error:
        raise NotPermitted(f"{printable(path)} cannot be read: {error.strerror}.", hint="chmod +r") from None
    except OSError:
        return None
    finally:
        os.close(at)


def _read(descriptor: int, limit: int) -> bytes | None:
    with open(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        parts: list[bytes] = []
        missing = limit + 1
        while missing > 0 and (part := file.read(missing)):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

"""Makes a file appear whole or not at all, once, however many processes try: written elsewhere, then linked."""

import os
from collections.abc import Callable
from pathlib import Path


def place(path: Path, fill: Callable[[Path], None]) -> None:
    """Make ``path`` (0600) with what ``fill`` writes into a draft, unless another process was first.

    ``fill`` leaves the draft on disk (fsync). Raises OSError.
    """
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}.draft")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    try:
        fill(draft)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


def sync(folder: Path) -> None:
    """A new name is durable only when its folder is (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

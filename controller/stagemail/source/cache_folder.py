"""Where a user's caches are, and whether that folder is the user's own. Not here: what is in it (``cache``)."""

import os
import stat
from pathlib import Path


def default_folder() -> Path:
    """Where a user's caches belong (XDG Base Directory Specification)."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "stagemail"


def own_folder(folder: Path, *, outside: Path) -> bool:
    """Whether ``folder``, made where missing, is the user's own (0700).

    ``outside`` is the top of the repository that is read: a folder inside it could hold what its authors put there.
    """
    try:
        if folder.resolve().is_relative_to(outside.resolve()):
            return False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError):
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077

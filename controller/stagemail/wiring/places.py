"""Where things are: the checkout that a command runs in, and the operator file.

The operator file is named with --config, or is the running checkout's own; never one of a tree under review.
"""

import os
from pathlib import Path

from stagemail.errors import InvalidInput, NotFound, UsageError

OPERATOR_FILE = "stagemail.yaml"


def normal(path: Path) -> Path:
    """The absolute path without ``.`` and ``..``; links stay as they are."""
    return Path(os.path.normpath(path.absolute()))


def root_of(start: Path) -> Path:
    """The checkout that holds this folder: the nearest parent with .git or an operator file, else the folder itself.

    Raises UsageError where there is no such folder.
    """
    start = normal(start)
    if not start.exists():
        raise UsageError(f"{start}: no such folder", hint="name a repository or an environments folder that exists")
    if not start.is_dir():
        raise UsageError(f"{start} is a file", hint="name the repository or the environments folder that holds it")
    for folder in (start, *start.parents):
        if (folder / ".git").exists() or (folder / OPERATOR_FILE).is_file():
            return folder
    return start


def operator_file(config: str | None, root: Path) -> Path | None:
    """The operator file, None where the checkout has none.

    Raises UsageError where one was named and is not there, InvalidInput where what is there is no file.
    """
    path = root / OPERATOR_FILE if config is None else Path(config).absolute()
    if path.is_file():
        return path
    if path.exists() or path.is_symlink():
        raise InvalidInput(
            f"{config or path}: {_kind_of(path)}, and the operator file must be a file",
            hint="remove it and put the file there, or name another with --config",
        )
    if config is not None:
        raise UsageError(f"{config}: no such operator file", hint="check --config and STAGEMAIL_CONFIG")
    return None


def _kind_of(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    if path.is_symlink() and not path.exists():
        return "a link to nothing"
    return "neither a file nor a folder"


def required_operator_file(config: str | None, root: Path) -> Path:
    """The operator file. Raises NotFound where there is none."""
    found = operator_file(config, root)
    if found is None:
        raise NotFound(
            f"no operator file: {root / OPERATOR_FILE} does not exist",
            hint="`stagemail init` writes a first one; or name yours with --config",
        )
    return found

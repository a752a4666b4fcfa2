"""The operator file as it was judged the last time, from the user's cache folder: without its models, which are dear.

What is kept is found by the digest of the file's bytes, its name, our own code that judges it and the code of plugins;
any of them new, and the file is judged again. Only what was found in order is kept. The folder is the user's own
(0700), never one inside the repository: who can write there could as well run commands as the user.
Not here: judging (``source.operator_file``), the stand-in (``resources.known``).
"""

import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import stagemail
from stagemail.resources.known import NotPlainError, frozen, thawed
from stagemail.source.cache_folder import default_folder, own_folder

if TYPE_CHECKING:  # the point is to do without
    from stagemail.resources.operator import Operator

_FORMAT: Final = 1
_JUDGES: Final = ("document", "model", "resources", "resources/stores", "source", "wiring")
"""Folders of ours whose code decides what an operator file may say, and what its stand-in is."""
MAX_KEPT: Final = 4 * 1024 * 1024
"""Bytes of a kept file that we read."""


def judged(data: bytes, name: str, top: Path, judge: "Callable[[], Operator]") -> "Operator":
    """The operator file of these bytes, which messages call ``name``; ``judge`` loads it in full.

    ``top``: the folder of the repository, in which nothing is kept. Raises what ``judge`` raises; a kept file that is
    missing, damaged or not ours costs judging, never more.
    """
    path = kept_at(data, name, top)
    if path is None:
        return judge()
    kept = _read(path)
    if kept is not None:
        try:
            return thawed(kept, judge)
        except (KeyError, TypeError, AttributeError):
            pass
    found = judge()
    _keep(path, found)
    return found


def kept_at(data: bytes, name: str, top: Path) -> Path | None:
    """Where it is kept once it was judged; None where nothing is kept."""
    if not own_folder(default_folder(), outside=top):
        return None
    return default_folder() / f"operator-{_key(data, name)}.json"


def _key(data: bytes, name: str) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {sys.version} {name}\n".encode())
    own = Path(stagemail.__file__).parent
    for folder in _JUDGES:
        with os.scandir(own / folder) as entries:
            listed = sorted((e.name, e.stat().st_mtime_ns, e.stat().st_size) for e in entries if e.name.endswith(".py"))
        digest.update(repr((folder, listed)).encode())
    digest.update(data)
    return digest.hexdigest()[:40]


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        found = path.lstat()
        is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
        if not is_ours or found.st_size > MAX_KEPT:
            return None
        kept = json.loads(path.read_bytes())
        tree: Mapping[str, Any] = kept["operator"]
        return tree if all(_stamp(Path(file)) == stamp for file, stamp in kept["plugins"].items()) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _keep(path: Path, operator: "Operator") -> None:
    try:
        plugins = _files([*operator.targets.values(), *operator.secret_stores.values()])
        text = json.dumps({"operator": frozen(operator), "plugins": plugins})
        partial = path.with_suffix(f".{os.getpid()}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        partial.replace(path)
    except (OSError, ValueError, NotPlainError):
        return


def _files(settings: Iterable[Any]) -> dict[str, str]:
    """The files with the models of others' plugins, as they are now. Raises NotPlainError where one has none."""
    found: dict[str, str] = {}
    for each in settings:
        for kind in type(each).__mro__:
            module = kind.__module__
            if module.partition(".")[0] in ("stagemail", "pydantic", "builtins", "abc", "typing"):
                continue
            file = getattr(sys.modules.get(module), "__file__", None)
            if file is None:
                raise NotPlainError(module)
            found[file] = _stamp(Path(file))
    return found


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"

"""What a whole plan found, kept so that the next one looks at changed files only: its shape and its file.

It lies in the user's cache folder under the rules of the document cache (0700, never inside the repository). All that
a plan rests on is written beside it: our own code, the operator file and what targets read, the day, the record's
position, the platform's stamp. Not here: making one (``remembering``), a plan from one (``recalled``).
"""

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import stagemail
from stagemail.dataclass import dataclass

Json = Any
Changed = list[Json]
"""The id of the revision; and of each file that is another one now its path, its id, and its bytes as Latin-1."""
MAX_KEPT: Final = 64 * 1024 * 1024
"""Bytes of a memo that we read."""


class Settings:
    """The settings of a target as they were judged: its fields by name, no more."""

    def __init__(self, fields: Mapping[str, Json]) -> None:
        self.__dict__.update(fields)


@dataclass(frozen=True, slots=True)
class StageMemo:
    """One stage. All members are plain JSON."""

    target: str
    identity: tuple[str, str, str]
    stamp: str
    observed: str
    """The fingerprint of all that was observed."""
    count: int
    """Of the apps that can be bound."""
    policy: Mapping[str, Json]
    apps: list[list[Json]]
    """The fields of every app that has a part in the plan."""
    quiet: Mapping[str, list[list[Json]]]
    """The apps that have none, by the file that binds them: the fields of each, and the message of its note."""
    claims: Mapping[str, list[list[Json]]]
    """The files that only hold plain bindings: of each binding its name and the apps it names."""
    documents: Mapping[str, list[Json]]
    """The documents of every file that has a part in the plan, by path."""


@dataclass(frozen=True, slots=True)
class Memo:
    """What was remembered of one checkout. ``basis``: what must be the same still, in words."""

    basis: Mapping[str, Json]
    root: str
    folders: tuple[str, ...]
    order: tuple[str, ...]
    plugins: Mapping[str, list[Json]]
    """By target: where its runtime is, and its settings."""
    record: str
    position: str
    entries: Mapping[str, list[Json]]
    """The id and the size of every file's content, by path."""
    stages: Mapping[str, StageMemo]


def memo_path(folder: Path, operator: Path, root: Path) -> Path:
    """Where the memo of a checkout is, in the user's cache folder."""
    name = hashlib.sha256(f"{operator}\n{root}".encode()).hexdigest()[:32]
    return folder / f"plan-{name}.json"


def basis_of(files: Iterable[Path], day: date) -> dict[str, Json]:
    """What must be the same: our code, these files, the day."""
    return {"code": code(), "day": day.isoformat(), "files": {str(path.absolute()): digest(path) for path in files}}


def holds(basis: Mapping[str, Json], day: date) -> bool:
    """Whether all of it is the same."""
    same_day = basis["code"] == code() and basis["day"] == day.isoformat()
    return same_day and all(digest(Path(path)) == known for path, known in basis["files"].items())


def code() -> str:
    """A digest over the times and sizes of all our modules, and what is installed: another release plans anew."""
    top = Path(stagemail.__file__).parent
    found = []
    for folder in ("", *sorted(entry.name for entry in os.scandir(top) if entry.is_dir(follow_symlinks=False))):
        with os.scandir(top / folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    state = entry.stat()
                    found.append((folder, entry.name, state.st_mtime_ns, state.st_size))
    libraries = [(path, Path(path).stat().st_mtime_ns) for path in sys.path if path.endswith("-packages")]
    return hashlib.sha256(repr((sys.version, str(top), sorted(found), libraries)).encode()).hexdigest()


def digest(path: Path) -> str:
    """Of a file's content; "" where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def load_memo(path: Path) -> Memo | None:
    """What was kept; None where nothing is, or it is damaged or not ours."""
    try:
        found = path.lstat()
        is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
        if not is_ours or found.st_size > MAX_KEPT:
            return None
        data = json.loads(path.read_bytes())
        stages = {
            name: StageMemo(**{**one, "identity": tuple(one["identity"])}) for name, one in data.pop("stages").items()
        }
        lists = {name: tuple(data[name]) for name in ("folders", "order")}
        return Memo(**{**data, **lists}, stages=stages)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def keep_memo(path: Path, memo: Memo) -> None:
    """Keep it in place of the one before. Raises OSError, TypeError, ValueError."""
    plain = {name: getattr(memo, name) for name in Memo.__slots__ if name != "stages"}
    stages = {stage: {name: getattr(one, name) for name in StageMemo.__slots__} for stage, one in memo.stages.items()}
    text = json.dumps({**plain, "stages": stages}, separators=(",", ":"))
    partial = path.with_suffix(f".{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)

"""Whether anything is new since a stage's last finished run: with it a command ends at once, with no call at all.

What a run stood on is noted in the user's cache folder: the tree ids of the stage's folders, digests of the operator
file and its mappings, the release, and the id of the run. Nothing is new only if all of it is the same now and the
record's newest run of the stage is still that one. A note that is missing or wrong costs the ordinary way, never more.
Not here: changes on the platform (``drift`` reads it), rotated secrets. Nothing heavy is imported here.
"""

import hashlib
import json
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import stagemail
from stagemail import git
from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError
from stagemail.git.folders import folder_ids
from stagemail.model.run import Run
from stagemail.record.glance import newest_run
from stagemail.source.cache_folder import default_folder, own_folder
from stagemail.wiring.places import operator_file, root_of

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Basis:
    """What a stage's run stood on, besides what all stages share."""

    run: str
    revision: str
    folders: Mapping[str, str]
    """Tree ids by folder, counted from the repository's top."""


@dataclass(frozen=True, slots=True)
class Note:
    """What was noted for one operator file. ``order``: its stages, as a command without a stage takes them."""

    release: str
    files: Mapping[str, str]
    """Digests by absolute path: the operator file and what it points at."""
    record: str
    order: tuple[str, ...]
    stages: Mapping[str, Basis]


@dataclass(frozen=True, slots=True)
class Place:
    """A checkout with its operator file and the file that the note is in."""

    root: Path
    operator: Path
    note: Path


def place_of(config: str | None, root: Path) -> Place | None:
    """Where the note of this checkout is; None where there is no operator file or no folder of the user's own."""
    top = root_of(root)
    operator = operator_file(config, top)
    if operator is None or not own_folder(default_folder(), outside=top):
        return None
    name = hashlib.sha256(f"{operator.absolute()}\n{top}".encode()).hexdigest()[:32]
    return Place(top, operator.absolute(), default_folder() / f"unchanged-{name}.json")


def finished(place: Place, stages: Sequence[str], revision: str | None) -> Mapping[str, Basis] | None:
    """What the stages' last runs stood on, if nothing is new for any of them. ``revision`` None: the working tree."""
    note = _read(place.note)
    if note is None or note.release != _release() or any(_digest(Path(p)) != d for p, d in note.files.items()):
        return None
    wanted = tuple(stages) or note.order
    if not wanted or not set(wanted) <= note.stages.keys():
        return None
    found = {stage: note.stages[stage] for stage in wanted}
    if any(newest_run(Path(note.record), stage) != basis.run for stage, basis in found.items()):
        return None
    folders = sorted({folder for basis in found.values() for folder in basis.folders})
    try:
        now = _trees(place.root, folders, revision)
    except StagemailError:
        return None
    return found if all(now.get(f) == i for basis in found.values() for f, i in basis.folders.items()) else None


def remember(
    place: Place, runs: Iterable[Run], *, files: Iterable[Path], record: Path, order: Sequence[str],
    folders: Mapping[str, Sequence[str]],
) -> None:  # fmt: skip
    """Note what finished runs stood on. ``folders``: by stage, relative to the checkout. Never fails a run."""
    shared = {str(path.absolute()): _digest(path) for path in files}
    old = _read(place.note)
    kept = dict(old.stages) if old and (old.release, old.files, old.record) == (_release(), shared, str(record)) else {}
    with suppress(StagemailError, OSError):
        for run in runs:
            kept.pop(run.stage, None)
            if is_over(run):
                below = _below(place.root, folders[run.stage])
                trees = _trees(place.root, below, run.revision)
                if len(trees) == len(below):
                    kept[run.stage] = Basis(run.id, run.revision, trees)
        _write(place.note, Note(_release(), shared, str(record), tuple(order), kept))


def is_over(run: Run) -> bool:
    """Whether a run left nothing for the next one: all done, all live, no drift that was only reported."""
    return run.status == "done" and not run.not_live and all(o.status in ("done", "not-needed") for o in run.outcomes)


def _below(root: Path, folders: Sequence[str]) -> list[str]:
    top = git.open_repository(root).top or root
    below = root.resolve().relative_to(top.resolve()).as_posix()
    return ["/".join(part for part in (below, folder.strip("/")) if part not in ("", ".")) for folder in folders]


def _trees(root: Path, folders: Sequence[str], revision: str | None) -> dict[str, str]:
    """Ids of folders; none where something in them is not committed."""
    repository = git.open_repository(root)
    if revision is None and git.status(repository, folders).dirty:
        return {}
    return folder_ids(repository, git.resolve(repository, revision or "HEAD"), folders)


def _release() -> str:
    path = Path(stagemail.__file__)
    return f"{_FORMAT} {path} {path.stat().st_mtime_ns}"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _read(path: Path) -> Note | None:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077:
            return None
        data: dict[str, Any] = json.loads(path.read_bytes())
        stages = {name: Basis(**basis) for name, basis in data.pop("stages").items()}
        return Note(**{**data, "order": tuple(data["order"])}, stages=stages)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _write(path: Path, note: Note) -> None:
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(asdict(note)), encoding="utf-8")
    partial.replace(path)

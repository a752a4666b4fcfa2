"""Who last changed in Git what a stage rests on: its documents, the operator file, the mapping. Reads only.

Not here: who changed a single line (``source``), what changed on the platform (``reconcile.why``).
"""

from pathlib import Path

from stagemail import git
from stagemail.model.revision import Commit
from stagemail.reconcile.why import Changes
from stagemail.wiring.installation import Installation

NEWEST = 4
"""Commits that are looked at."""
MOST_BEHIND = 1000
"""Commits that are counted."""


def changes_of(installation: Installation, root: Path, stage: str, revision: str) -> Changes:
    """The newest commits up to a revision, newest first; none outside Git, nor what a shallow clone does not know.

    ``revision`` is a full id; anything else (a working tree) means HEAD. Raises NotFound, Unreachable.
    """
    repository = git.discover(root)
    if repository is None:
        return Changes()
    at = revision if git.is_blob_id(revision) else git.resolve(repository, "HEAD")
    plugin, settled = installation.plugin(installation.target_of(stage))
    beside = [installation.path, *plugin.files(settled)]
    documents = _log(repository, at, _documents(installation, root, stage))
    others = (other for other in sorted(installation.operator.stages) if other != stage)
    also = (other for other in others if _is_of(repository, documents, _documents(installation, root, other)))
    everything = _log(repository, at, [*_documents(installation, root, stage), *beside])
    return Changes(everything, documents, tuple(also))


def behind_of(
    installation: Installation, root: Path, stage: str, applied: str, wanted: str
) -> tuple[Commit, ...] | None:
    """The commits of a stage's documents that were not applied yet, newest first; none where they are unchanged.

    None where nobody here can tell: nothing was applied, the repository does not have it, or its branch went back.
    """
    repository = git.discover(root) if git.is_full_id(applied) and git.is_full_id(wanted) else None
    if repository is None or not git.has(repository, applied):
        return None
    top = (repository.top or repository.folder).resolve()
    below = root.resolve().relative_to(top) if root.resolve().is_relative_to(top) else Path()
    folders = sorted((below / folder).as_posix() for folder in installation.operator.folders_of(stage))
    if not git.changed(repository, applied, wanted, folders):
        return ()
    return git.log(repository, wanted, folders, MOST_BEHIND, since=applied) or None


def _documents(installation: Installation, root: Path, stage: str) -> list[Path]:
    return [root / folder for folder in installation.operator.folders_of(stage)]


def _is_of(repository: git.Repository, documents: tuple[Commit, ...], paths: list[Path]) -> bool:
    """Whether the newest change of a stage's documents is one of these paths, too."""
    return bool(documents) and documents[:1] == _log(repository, documents[0].id, paths)[:1]


def _log(repository: git.Repository, at: str, paths: list[Path]) -> tuple[Commit, ...]:
    top = (repository.top or repository.folder).resolve()
    inside = sorted({p.resolve().relative_to(top).as_posix() for p in paths if p.resolve().is_relative_to(top)})
    found = git.log(repository, at, inside, NEWEST) if inside else ()
    unknown = git.cut_off(repository) if found else ()
    return tuple(commit for commit in found if commit.id not in unknown)

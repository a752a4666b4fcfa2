"""What Git knows of the files of a working tree: the index, and what differs from it.

Filters that the repository's configuration defines are never run (``repository``): their files may show as changed.
Not here: reading the files (``source``). Source: git-status(1) porcelain v2, git-ls-files(1).
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.git.arguments import safe_path
from stagemail.git.repository import Repository


@dataclass(frozen=True, slots=True, order=True)
class IndexEntry:
    """A tracked file. ``certain`` is False where Git was told not to look at it (assume-unchanged, skip-worktree)."""

    path: str
    mode: str
    id: str
    certain: bool


_ORDER: Final = attrgetter("path", "mode", "id", "certain")
"""Sorts entries as they compare, quicker."""


@dataclass(frozen=True, slots=True)
class Status:
    """Paths that differ from the commit: tracked ones that changed in any way, and new ones. Both sorted."""

    changed: tuple[str, ...]
    untracked: tuple[str, ...]

    @property
    def dirty(self) -> tuple[str, ...]:
        """All of them, sorted."""
        return tuple(sorted({*self.changed, *self.untracked}))


def index(repository: Repository, folders: Sequence[str]) -> tuple[IndexEntry, ...]:
    """Every tracked file below the folders (none: all). A file in conflict appears with ``certain`` False."""
    answer = repository.command.run("ls-files", "-s", "-v", "-z", "--", *_paths(folders), what="the index")
    return tuple(sorted((_index_entry(line) for line in answer.split(b"\0") if line), key=_ORDER))


def _index_entry(line: bytes) -> IndexEntry:
    head, _, path = line.partition(b"\t")
    tag, mode, blob, stage = head.decode("ascii").split()
    return IndexEntry(path.decode("utf-8", "surrogateescape"), mode, blob, tag == "H" and stage == "0")


def status(repository: Repository, folders: Sequence[str]) -> Status:
    """What differs from the commit below the folders (none: everywhere)."""
    answer = repository.command.run(
        "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=all", "--no-renames",
        "--no-ahead-behind", "--", *_paths(folders), what="the state of the working tree",
    )  # fmt: skip
    changed: set[str] = set()
    untracked: set[str] = set()
    for line in answer.decode("utf-8", "surrogateescape").split("\0"):
        if line.startswith("? "):
            untracked.add(line[2:])
        elif line.startswith("1 "):
            changed.add(line.split(" ", 8)[8])
        elif line.startswith("u "):
            changed.add(line.split(" ", 10)[10])
    return Status(tuple(sorted(changed)), tuple(sorted(untracked)))


def _paths(folders: Sequence[str]) -> list[str]:
    return [safe_path(folder) for folder in folders]

"""Which files of a checkout are other ones than they were when a plan was remembered.

Git, which is asked in a thread, takes as long as what the files need to be read takes to load: this loads little.
Not here: what they bind now (``bound_files``), the plan (``recalled``).
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError
from stagemail.source.tree import Entry
from stagemail.source.working_tree import WorkingTree
from stagemail.wiring.memo import Memo

MOST_CHANGED: Final = 0.2
"""The share of the files from which on the whole way is no longer the longer one."""


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """What lies there now, and the files that are other ones."""

    tree: WorkingTree
    entries: tuple[Entry, ...]


@contextmanager
def looking(memo: Memo) -> Iterator[Callable[[], ChangedFiles | None]]:
    """Look meanwhile; what this gives waits for what was found: None where files came or went, or it cannot be told."""
    sys.setswitchinterval(0.0005)  # git answers five times, and each time this thread would wait for the loading one
    found: list[ChangedFiles | None] = []
    thread = Thread(target=lambda: found.append(changed_files(memo)), daemon=True)
    thread.start()

    def waited() -> ChangedFiles | None:
        thread.join()
        return found[0] if found else None

    try:
        yield waited
    finally:
        thread.join()


def changed_files(memo: Memo) -> ChangedFiles | None:
    """None where files came or went, or where it cannot be told."""
    try:
        tree = WorkingTree(Path(memo.root), memo.folders)
        entries = {entry.path: entry for entry in tree.entries()}
        if tree.problems() or entries.keys() != memo.entries.keys():
            return None
        other = [entry for path, entry in entries.items() if [entry.id, entry.size] != memo.entries[path]]
        return ChangedFiles(tree, tuple(other)) if len(other) <= max(20, MOST_CHANGED * len(entries)) else None
    except (StagemailError, OSError):  # the whole way says it in words
        return None

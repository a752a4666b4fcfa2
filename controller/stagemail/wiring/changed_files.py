"""Which files of a checkout are other ones than they were when a plan was remembered, and their content.

Plain data, so that another process can find out (``beside``); so this loads nothing that reads YAML, which takes as
long as Git does. Not here: what they bind now, the plan (``recalled``).
"""

from pathlib import Path
from typing import Final

from stagemail.errors import StagemailError
from stagemail.source.working_tree import WorkingTree
from stagemail.wiring.memo import Changed, Memo

MOST_CHANGED: Final = 0.2
"""The share of the files from which on the whole way is no longer the longer one."""


def changed_files(memo: Memo) -> Changed | None:
    """None where files came or went, where too many changed, or where it cannot be told."""
    try:
        tree = WorkingTree(Path(memo.root), memo.folders)
        entries = {entry.path: entry for entry in tree.entries()}
        if tree.problems() or entries.keys() != memo.entries.keys():
            return None
        other = [entry for path, entry in entries.items() if [entry.id, entry.size] != memo.entries[path]]
        if len(other) > max(20, MOST_CHANGED * len(entries)):
            return None
        contents = tree.read(entry.path for entry in other)
        files = [[entry.path, entry.id, contents.get(entry.path, b"").decode("latin-1")] for entry in other]
        return [tree.revision().id, files]
    except (StagemailError, OSError):  # the whole way says it in words
        return None

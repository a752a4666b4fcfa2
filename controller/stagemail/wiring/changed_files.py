"""Which files of a checkout are other ones than they were when a plan was remembered, and what they bind now.

Plain data, so that another process can find out (``beside``). Not here: the plan (``recalled``).
"""

from pathlib import Path
from typing import Any, Final

from stagemail.document import read
from stagemail.errors import StagemailError
from stagemail.model.location import Place
from stagemail.source.pasted import in_comments, in_document
from stagemail.source.plain_binding import is_plain_binding
from stagemail.source.tree import Entry, blob_id, content_id
from stagemail.source.working_tree import WorkingTree
from stagemail.wiring.memo import Changed, Memo

MOST_CHANGED: Final = 0.2
"""The share of the files from which on the whole way is no longer the longer one."""


def changed_files(memo: Memo) -> Changed | None:
    """None where anything but plain bindings in some files changed, or where it cannot be told."""
    try:
        tree = WorkingTree(Path(memo.root), memo.folders)
        entries = {entry.path: entry for entry in tree.entries()}
        if tree.problems() or entries.keys() != memo.entries.keys():
            return None
        other = [entry for path, entry in entries.items() if [entry.id, entry.size] != memo.entries[path]]
        if len(other) > max(20, MOST_CHANGED * len(entries)):
            return None
        contents = tree.read(entry.path for entry in other)
        bound: dict[str, list[Any]] = {}
        for entry in other:
            found = _bindings(contents.get(entry.path, b""), entry)
            if found is None:
                return None
            bound[entry.path] = found
        return [tree.revision().id, bound]
    except (StagemailError, OSError):  # the whole way says it in words
        return None


def _bindings(data: bytes, entry: Entry) -> list[Any] | None:
    """The documents of a file by index; None where it holds anything that must be judged in full."""
    if entry.id != (content_id(data) if entry.id.startswith("sha256:") else blob_id(data, entry.id)):
        return None
    documents, problems = read(data, entry.path)
    if problems or in_comments(data, entry.path) or [one.index for one in documents] != [*range(len(documents))]:
        return None
    for document in documents:
        pasted = next(in_document(document.value, Place(entry.path, document.index)), None)
        if not is_plain_binding(document.value) or pasted is not None:
            return None
    return [document.value for document in documents]

"""What changed files bind now: plain data, so that another process can find out (``beside``).

Not here: which files changed (``changed_files``), the plan (``recalled``).
"""

from typing import Any

from stagemail.document import read
from stagemail.errors import StagemailError
from stagemail.model.location import Place
from stagemail.source.pasted import in_comments, in_document
from stagemail.source.plain_binding import is_plain_binding
from stagemail.source.tree import Entry, blob_id, content_id
from stagemail.wiring.changed_files import ChangedFiles
from stagemail.wiring.memo import Changed


def bound_by(changed: ChangedFiles) -> Changed | None:
    """None where one of them holds anything but plain bindings, or is another one again."""
    try:
        contents = changed.tree.read(entry.path for entry in changed.entries)
        bound: dict[str, list[Any]] = {}
        for entry in changed.entries:
            found = _bindings(contents.get(entry.path, b""), entry)
            if found is None:
                return None
            bound[entry.path] = found
        return [changed.tree.revision().id, bound]
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

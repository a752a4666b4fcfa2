"""What changed files bind now, where they hold nothing but plain bindings.

Not here: which files changed (``changed_files``), the plan (``recalled``).
"""

from collections.abc import Mapping

from stagemail.dataclass import dataclass
from stagemail.document import read
from stagemail.model.location import Place
from stagemail.model.snapshot import Binding
from stagemail.source import assemble_fields
from stagemail.source.pasted import in_comments, in_document
from stagemail.source.plain_binding import is_plain_binding
from stagemail.source.tree import blob_id, content_id
from stagemail.wiring.memo import Changed


@dataclass(frozen=True, slots=True)
class Bound:
    """What the changed files bind now, by path."""

    bindings: Mapping[str, tuple[Binding, ...]]
    revision: str


def bound_by(changed: Changed) -> Bound | None:
    """None where one of the files holds anything else, or was another one again when it was read."""
    revision, files = changed
    bindings: dict[str, tuple[Binding, ...]] = {}
    for path, known, content in files:
        found = _bindings(path, known, content.encode("latin-1"))
        if found is None:
            return None
        bindings[path] = found
    return Bound(bindings, revision)


def _bindings(path: str, known: str, data: bytes) -> tuple[Binding, ...] | None:
    """The bindings of a file; None where it holds anything that must be judged in full."""
    if known != (content_id(data) if known.startswith("sha256:") else blob_id(data, known)):
        return None
    documents, problems = read(data, path)
    if problems or in_comments(data, path) or [one.index for one in documents] != [*range(len(documents))]:
        return None
    for document in documents:
        pasted = next(in_document(document.value, Place(path, document.index)), None)
        if not is_plain_binding(document.value) or pasted is not None:
            return None
    return tuple(assemble_fields.binding(one.value, Place(path, one.index)) for one in documents)

"""All documents of a tree, from the cache where their content is known, parsed where it is not.

Not here: what documents mean (``assemble``).
"""

from dataclasses import dataclass

from stagemail.document import Document, read
from stagemail.model.problem import Problem
from stagemail.source.cache import Cache
from stagemail.source.tree import Entry, Tree, blob_id, content_id, refused


@dataclass(frozen=True, slots=True)
class TreeDocuments:
    """``documents`` in the order of paths; ``problems`` of listing and reading, sorted; how many files were parsed."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    parsed: int


def read_tree(tree: Tree, cache: Cache) -> TreeDocuments:
    """Every document of the tree, each under the path of its own file. Raises InvalidInput over quota, NotFound."""
    entries = tree.entries()
    known = cache.get_many(entry.id for entry in entries)
    unknown = [entry for entry in entries if entry.id not in known]
    contents = tree.read(entry.path for entry in unknown)
    problems = list(tree.problems())
    documents: list[Document] = []
    fresh: dict[str, tuple[Document, ...]] = {}
    for entry in entries:
        if entry.id in known:
            documents += [Document(entry.path, d.index, d.value) for d in known[entry.id]]
            continue
        data = contents.get(entry.path)
        if data is None:
            problems.append(
                refused(entry.path, "file-went-away", "the file went away while it was read.", "Run again.")
            )
            continue
        found, wrong = read(data, entry.path)
        if not wrong and _is_content_of(data, entry):
            fresh[entry.id] = found
        wrong = wrong or _other_content(data, entry)
        documents += found
        problems += wrong
    cache.put_many(fresh)
    return TreeDocuments(tuple(documents), tuple(sorted(problems)), len(unknown))


def _is_content_of(data: bytes, entry: Entry) -> bool:
    return entry.id == (content_id(data) if entry.id.startswith("sha256:") else blob_id(data, entry.id))


def _other_content(data: bytes, entry: Entry) -> tuple[Problem, ...]:
    """The file of a clean working tree differs from its blob by more than line ends: we would judge another text."""
    if _is_content_of(data, entry) or entry.id == blob_id(data.replace(b"\r\n", b"\n"), entry.id):
        return ()
    wrong = "the file differs from what Git has committed, though Git calls it unchanged."
    remedy = "Remove filters, `ident` and encodings for it from .gitattributes; if it was just edited, run again."
    return (refused(entry.path, "not-what-is-committed", wrong, remedy),)

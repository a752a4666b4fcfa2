"""All documents of a tree, from the cache where their content is known, parsed where it is not.

Not here: what documents mean (``assemble``), the process that may help (``wiring.beside``).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import MappingProxyType
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.document import Document, read
from stagemail.model.problem import Problem
from stagemail.source.cache import CACHED_BYTES, Cache
from stagemail.source.pasted import in_comments, is_in
from stagemail.source.tree import Entry, Tree, blob_id, content_id, refused

Take = Callable[[Document], None]
"""Takes one document; it is not kept here, so that ten thousand of them never lie in memory together."""

Beside = Callable[[Callable[[], None]], AbstractContextManager[Callable[[], None]]]
"""Does work in another process, which can change nothing here; what the context gives waits until it is over. The work
may as well not be done at all."""

_BATCH: Final = 1000
"""Files that are looked up and read together."""
_WORTH: Final = 100
"""Unknown files from which on another process is worth its start …"""
_FEW: Final = 10
"""Files that are parsed between two looks whether it is over."""
_KEPT: Final = 0.45
"""… and this share of them is parsed here: what the documents mean is worked out here for all of them."""


Parsed = Mapping[str, tuple[Document, ...]]
"""Documents by the id of the content."""
NOTHING: Final[Parsed] = MappingProxyType({})


def alone(_work: Callable[[], None]) -> AbstractContextManager[Callable[[], None]]:
    """No other process helps."""
    return nullcontext(lambda: None)


@dataclass(frozen=True, slots=True)
class TreeRead:
    """``problems`` of listing and reading, sorted; how many files were parsed."""

    problems: tuple[Problem, ...]
    parsed: int


def read_tree(tree: Tree, cache: Cache, take: Take, beside: Beside = alone, parsed: Parsed = NOTHING) -> TreeRead:
    """Every document of the tree in the order of paths, each under the path of its own file.

    ``beside``: where many files are new to the cache, another process puts some of them into it meanwhile.
    ``parsed``: files that are not in the cache yet (``parsed_until``). Raises InvalidInput over quota, NotFound.
    """
    entries = tree.entries()
    problems = list(tree.problems())
    number = 0
    for start in range(0, len(entries), _BATCH):
        some = _read_some(entries[start : start + _BATCH], tree, cache, take, _Help(beside, parsed))
        number += some.parsed
        problems += some.problems
    return TreeRead(tuple(sorted(problems)), number)


def parsed_until(tree: Tree, cache: Cache, over: Callable[[], bool]) -> Parsed:
    """Of the files that are read first and that are nobody else's part, those that can be parsed before it is over.

    For whoever waits for something else, such as the operator file. Raises what a tree raises.
    """
    entries = tree.entries()[:_BATCH]
    known = cache.get_many(entry.id for entry in entries)
    unknown = [entry for entry in entries if entry.id not in known]
    own = unknown[: len(unknown) - len(_given(unknown))]
    parsed: dict[str, tuple[Document, ...]] = {}
    for start in range(0, len(own), _FEW):
        if over():
            break
        contents = tree.read(entry.path for entry in own[start : start + _FEW])
        for entry in own[start : start + _FEW]:
            if entry.path in contents:
                _parsed(entry, contents[entry.path], parsed)
    return parsed


@dataclass(frozen=True, slots=True)
class _Help:
    """What saves parsing here."""

    beside: Beside
    parsed: Parsed


def _read_some(entries: Sequence[Entry], tree: Tree, cache: Cache, take: Take, help_: _Help) -> TreeRead:
    problems: list[Problem] = []
    known = cache.get_many(entry.id for entry in entries)
    unknown = [entry for entry in entries if entry.id not in known]
    given = _given(unknown)
    own = unknown[: len(unknown) - len(given)]
    contents = tree.read(entry.path for entry in own if entry.id not in help_.parsed)
    fresh = {entry.id: help_.parsed[entry.id] for entry in own if entry.id in help_.parsed}
    known |= fresh
    with (help_.beside if given else alone)(partial(_fill, cache, given, tree)) as wait:
        for entry in entries:
            if given and entry is given[0]:
                wait()
                known |= cache.get_many(each.id for each in given)
                contents |= tree.read(each.path for each in given if each.id not in known)
            if entry.id in known:
                for document in known[entry.id]:
                    take(Document(entry.path, document.index, document.value))
                continue
            data = contents.pop(entry.path, None)
            if data is None:
                wrong = "the file went away while it was read."
                problems.append(refused(entry.path, "file-went-away", wrong, "Run again."))
                continue
            problems += _read_one(entry, data, fresh, take)
    cache.put_many(fresh)
    return TreeRead(tuple(problems), len(unknown))


def _given(unknown: Sequence[Entry]) -> Sequence[Entry]:
    """The other process's part of these."""
    return unknown[int(len(unknown) * _KEPT) :] if len(unknown) >= _WORTH else []


def fill_share(tree: Tree, cache: Cache) -> None:
    """For another process that begins by itself: its part of the files that are read first. Raises what a tree does."""
    entries = tree.entries()[:_BATCH]
    known = cache.get_many(entry.id for entry in entries)
    given = _given([entry for entry in entries if entry.id not in known])
    if given:
        _fill(cache, given, tree)


def _fill(cache: Cache, entries: Sequence[Entry], tree: Tree) -> None:
    """The other process's part: what is in order goes into the cache, everything else is left to whoever asked."""
    contents = tree.read(entry.path for entry in entries)
    fresh: dict[str, tuple[Document, ...]] = {}
    for entry in entries:
        if entry.path in contents:
            _parsed(entry, contents[entry.path], fresh)
    cache.put_many(fresh)


def _parsed(
    entry: Entry, data: bytes, fresh: dict[str, tuple[Document, ...]]
) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    found, wrong = read(data, entry.path)
    wrong += in_comments(data, entry.path)
    is_kept = not wrong and len(data) <= CACHED_BYTES and _is_content_of(data, entry)
    if is_kept and not is_in(data, (document.value for document in found)):
        fresh[entry.id] = found
    return found, wrong


def _read_one(entry: Entry, data: bytes, fresh: dict[str, tuple[Document, ...]], take: Take) -> tuple[Problem, ...]:
    found, wrong = _parsed(entry, data, fresh)
    for document in found:
        take(document)
    return wrong or _other_content(data, entry)


def _is_content_of(data: bytes, entry: Entry) -> bool:
    return entry.id == (content_id(data) if entry.id.startswith("sha256:") else blob_id(data, entry.id))


def _other_content(data: bytes, entry: Entry) -> tuple[Problem, ...]:
    """The file of a clean working tree differs from its blob by more than line ends: we would judge another text."""
    if _is_content_of(data, entry) or entry.id == blob_id(data.replace(b"\r\n", b"\n"), entry.id):
        return ()
    wrong = "the file differs from what Git has committed, though Git calls it unchanged."
    remedy = "Remove filters, `ident` and encodings for it from .gitattributes; if it was just edited, run again."
    return (refused(entry.path, "not-what-is-committed", wrong, remedy),)

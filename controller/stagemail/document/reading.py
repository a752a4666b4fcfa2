"""One file's bytes to its documents and everything that is wrong with them, in one pass over the parser's events.

Not here: lines of places that are fine (``locating``), what plain texts mean (``scalars``).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from stagemail.dataclass import dataclass
from stagemail.document.characters import FORBIDDEN_IN_TEXT, describe_character, is_control
from stagemail.document.decoding import checked
from stagemail.document.faults import Fault, Faults, TooMany
from stagemail.document.limits import MAX_DEPTH, MAX_FILE, MAX_NODES, MAX_SCALAR
from stagemail.document.locating import locate_all
from stagemail.document.parser import EventParser, NewParser, each_part
from stagemail.document.scalars import key_fault, plain, read_plain
from stagemail.document.syntax import SyntaxReport
from stagemail.model.location import Place
from stagemail.model.problem import Problem

READER_VERSION = "2"
"""Changes whenever the same bytes would give other documents; part of every cache's key."""

_SHORT = 64
"""Longer texts are not remembered by ``plain`` and ``key_fault``: their memory stays small."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document as plain data: dict, list, str, int, bool, None, ``datetime.date``. Never change ``value``.

    ``index`` counts the documents of the file from 0. ``sound`` is False where a problem was reported in it and
    ``value`` holds what was probably meant: good for finding more problems, never for acting on.
    """

    path: str
    index: int
    value: Any
    sound: bool = True


def read(
    data: bytes, path: str, *, new_parser: Callable[[bytes], EventParser] = NewParser
) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """Read one file strictly. Never raises for what is in it.

    A document that cannot be parsed, or that uses aliases or merge keys, is left out; an empty one has the value None.
    """
    faults = Faults(path)
    builder = _Builder(path, faults)
    try:
        source = checked(data, faults)
        if source is not None:
            builder.build(source, new_parser)
    except TooMany:
        pass
    builder.relate(data)
    documents = tuple(builder.documents)
    if builder.faults_of_file:
        documents = tuple(Document(d.path, d.index, d.value, sound=False) for d in documents)
    return documents, faults.all()


_AS_KEY = object()
"""Stands for the key of a list or mapping that was written as a key."""
_Container = dict[str, Any] | list[Any]


class _Builder:
    """Builds plain data from events with a stack of its own, so that no depth of nesting can recurse."""

    def __init__(self, path: str, faults: Faults) -> None:
        self.documents: list[Document] = []
        self.faults_of_file = False
        self._path = path
        self._faults = faults
        self._index = 0
        self._lines = 0
        self._nodes = 0
        self._root: list[Any] = []
        self._stack: list[tuple[_Container, Any]] = []
        self._before = 0
        self._usable = True
        self._repeated: dict[tuple[int, int, str], Place] = {}
        self._careful = True

    def build(self, source: bytes, new_parser: Callable[[bytes], EventParser]) -> None:
        """Consume every document of the file. Raises TooMany."""
        self.faults_of_file = len(self._faults) > 0
        self._careful = b"\\" in source or len(source) > MAX_SCALAR

        report = SyntaxReport(source, self._faults)

        def failed(error: yaml.YAMLError, lines: int) -> None:
            self._index += 1
            report.add(error, lines)

        each_part(source, self._consume, failed, new_parser)

    def relate(self, data: bytes) -> None:
        """Name the first place of every key that was written twice."""
        if self._repeated and len(data) <= MAX_FILE:
            places = locate_all(data, self._repeated.values())
            self._faults.relate({at: places[place] for at, place in self._repeated.items()})

    def _consume(self, get_event: Callable[[], Any], lines: int) -> None:
        """The hot loop: scalars are handled here, everything else by ``_structure``."""
        self._lines = lines
        self._stack.clear()
        container: _Container = self._root
        key: Any = None
        careful, structure = self._careful, _STRUCTURE
        while True:
            event = get_event()
            kind = type(event)
            if kind is not ScalarEvent:
                if kind is StreamEndEvent:
                    return
                container, key = structure[kind](self, event, container, key)
                continue
            value = event.value
            if event.anchor is not None or event.tag is not None:
                self._decorated(event)
            if careful and (len(value) > MAX_SCALAR or FORBIDDEN_IN_TEXT.search(value)):
                value = self._bad_text(event, value)
            if key is None and type(container) is dict:
                key = self._key(event, value, container)
                continue
            if not event.style:
                value = plain(value) if len(value) <= _SHORT else read_plain(value)
                if type(value) is Fault:
                    value = self._misread(event, value)
            if type(container) is list:
                container.append(value)
            else:
                container[key] = value
                key = None
            self._nodes += 1
            if self._nodes > MAX_NODES:
                self._stop(event, "too-many-nodes", f"the file has more than {MAX_NODES:,} values.")

    def _key(self, event: Any, text: str, container: dict[str, Any]) -> str:
        fault = (key_fault if len(text) <= _SHORT else key_fault.__wrapped__)(text, not event.style)
        if fault is not None:
            self._misread(event, fault)
        if text in container:
            self._repeat(event, text)
        return text

    def start_document(self, event: Any, _container: _Container, _key: Any) -> tuple[_Container, Any]:
        self._root = []
        self._before = len(self._faults)
        self._usable = True
        if event.version or event.tags:
            self._add(event, "directive", "YAML directives are not read.", "Remove the line that begins with `%`.")
        return self._root, None

    def end_document(self, _event: Any, container: _Container, key: Any) -> tuple[_Container, Any]:
        if self._usable:
            sound = len(self._faults) == self._before
            self.documents.append(Document(self._path, self._index, self._root[0], sound))
        self._index += 1
        return container, key

    def start_collection(self, event: Any, container: _Container, key: Any) -> tuple[_Container, Any]:
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        new: _Container = {} if type(event) is MappingStartEvent else []
        if type(container) is list:
            container.append(new)
        elif key is None:
            self._usable = False
            self._add(event, "key-not-text", "a list or mapping stands where a key is wanted.", "Write a text.")
            key = _AS_KEY
        else:
            container[key] = new
        self._stack.append((container, key))
        if len(self._stack) > MAX_DEPTH:
            self._stop(event, "too-deep", f"lists and mappings stand more than {MAX_DEPTH} deep in each other.")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(event, "too-many-nodes", f"the file has more than {MAX_NODES:,} values.")
        return new, None

    def end_collection(self, _event: CollectionEndEvent, _container: _Container, _key: Any) -> tuple[_Container, Any]:
        container, key = self._stack.pop()
        return container, "?" if key is _AS_KEY else None

    def alias(self, event: Any, container: _Container, key: Any) -> tuple[_Container, Any]:
        self._usable = False
        remedy = f'Write the value out; quote it if it is a pattern: `"*{event.anchor}"`.'
        self._add(event, "alias", f"the alias `*{event.anchor}` is not read.", remedy)
        if type(container) is list:
            container.append(None)
        elif key is None:
            return container, "?"
        else:
            container[key] = None
        return container, None

    def _decorated(self, event: Any) -> None:
        if event.anchor is not None:
            remedy = f'Remove it; quote the text if `&` belongs to it: `"&{event.anchor}"`.'
            self._add(event, "anchor", f"the anchor `&{event.anchor}` is not read.", remedy)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            wrong = f"the tag `{tag}` is not read."
            self._add(event, "explicit-tag", wrong, "Remove it; quote the text if `!` belongs to it.")

    def _bad_text(self, event: Any, value: str) -> str:
        if len(value) > MAX_SCALAR:
            wrong = f"a text of {len(value):,} characters is too long; at most {MAX_SCALAR:,} are read."
            self._add(event, "text-too-long", wrong, "Shorten it.")
            value = value[:MAX_SCALAR]
        if found := FORBIDDEN_IN_TEXT.search(value):
            character = found.group()
            code = "control-character" if is_control(character) else "invisible-character"
            wrong = f"the text holds {describe_character(character)}."
            self._add(event, code, wrong, "Remove the escape that writes it.")
            value = FORBIDDEN_IN_TEXT.sub("\ufffd", value)
        return value

    def _misread(self, event: Any, fault: Fault) -> object:
        if fault.code == "merge-key":
            self._usable = False
        self._add(event, fault.code, fault.message, fault.remedy)
        return fault.guess

    def _repeat(self, event: Any, key: str) -> None:
        self._add(event, "duplicate-key", f"the key `{key}` is written twice.", "Keep one of the two.")
        steps = [k if isinstance(c, dict) else str(len(c) - 1) for c, k in self._stack[1:]]
        at = (event.start_mark.line + self._lines + 1, event.start_mark.column + 1, "duplicate-key")
        self._repeated[at] = Place(self._path, self._index, (*steps, key))

    def _stop(self, event: Any, code: str, message: str) -> None:
        self._add(event, code, message, "Split the file or flatten it.")
        raise TooMany

    def _add(self, event: Any, code: str, message: str, remedy: str) -> None:
        mark = event.start_mark
        self._faults.add(mark.line + self._lines + 1, mark.column + 1, code, message, remedy)


def _nothing(_builder: _Builder, _event: Any, container: _Container, key: Any) -> tuple[_Container, Any]:
    return container, key


_STRUCTURE: Final[Mapping[type, Callable[[_Builder, Any, _Container, Any], tuple[_Container, Any]]]] = {
    StreamStartEvent: _nothing,
    DocumentStartEvent: _Builder.start_document,
    DocumentEndEvent: _Builder.end_document,
    MappingStartEvent: _Builder.start_collection,
    SequenceStartEvent: _Builder.start_collection,
    MappingEndEvent: _Builder.end_collection,
    SequenceEndEvent: _Builder.end_collection,
    AliasEvent: _Builder.alias,
}
"""Of the class, not of a builder: bound methods would keep each builder and its documents until the collector comes."""

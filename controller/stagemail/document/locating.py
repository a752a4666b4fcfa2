"""The line and column of places in a file, by parsing the file once more: asked for only when a person will read them.

Not here: what is wrong with the file (``reading``).
"""

from collections.abc import Callable, Iterable
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from stagemail.document.decoding import checked
from stagemail.document.faults import Faults, TooMany
from stagemail.document.limits import MAX_DEPTH
from stagemail.document.parser import EventParser, NewParser, each_part
from stagemail.model.location import Location, Place

_Node = tuple[int, tuple[str, ...]]


def locate(data: bytes, place: Place) -> Location:
    """Where a place stands: the key of a mapping's entry, the beginning of a list's item or of a document.

    A place that does not exist gives its nearest parent that does; a document that does not exist, the whole file.
    """
    return locate_all(data, (place,))[place]


def locate_all(
    data: bytes, places: Iterable[Place], *, new_parser: Callable[[bytes], EventParser] = NewParser
) -> dict[Place, Location]:
    """As ``locate``, for any number of places of one file in one pass."""
    wanted = tuple(places)
    finder = _Finder({(p.document, p.pointer[:n]) for p in wanted for n in range(len(p.pointer) + 1)})
    try:
        source = checked(data, Faults(""))
        if source is not None:
            each_part(source, finder.consume, finder.failed, new_parser)
    except TooMany:
        pass
    return {place: finder.nearest(place) for place in wanted}


class _Finder:
    """Follows the events and notes where the wanted nodes begin."""

    def __init__(self, wanted: set[_Node]) -> None:
        self._wanted = wanted
        self._depth = max((len(pointer) for _, pointer in wanted), default=0)
        self._found: dict[_Node, tuple[int, int]] = {}
        self._index = 0
        self._lines = 0
        self._path: list[str] = []
        # One entry per open collection: the number of items so far, or the state of a mapping.
        self._open: list[int | bool] = []

    def nearest(self, place: Place) -> Location:
        """The position of the place or of its nearest parent."""
        for length in range(len(place.pointer), -1, -1):
            if (at := self._found.get((place.document, place.pointer[:length]))) is not None:
                return Location(place.path, *at)
        return Location(place.path)

    def failed(self, _error: yaml.YAMLError, _lines: int) -> None:
        """The document cannot be parsed from here on; the next one may."""
        self._index += 1

    def consume(self, get_event: Callable[[], Any], lines: int) -> None:
        """Follow the events to the end of the part."""
        self._lines = lines
        self._path, self._open = [], []
        while True:
            event = get_event()
            kind = type(event)
            if kind is StreamEndEvent:
                return
            if kind is DocumentStartEvent:
                self._path, self._open = [], []
            elif kind is DocumentEndEvent:
                self._index += 1
            elif kind in (MappingEndEvent, SequenceEndEvent):
                self._open.pop()
                self._after()
            elif kind in (ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent):
                self._node(event, kind)
                if len(self._open) > MAX_DEPTH:
                    raise TooMany

    def _node(self, event: Any, kind: type) -> None:
        state = self._open[-1] if self._open else None
        is_key = state is True
        if is_key:
            self._path.append(event.value if kind is ScalarEvent else "?")
        elif state is not None and state is not False:
            self._path.append(str(state))
        if state is not False:
            self._note(event)
        if kind in (ScalarEvent, AliasEvent):
            if is_key:
                self._open[-1] = False
            else:
                self._after()
        else:
            self._open.append(kind is MappingStartEvent)
            if kind is SequenceStartEvent:
                self._open[-1] = 0

    def _after(self) -> None:
        """A node ended: the next one of its parent is a key, a value or the next item."""
        if not self._open:
            return
        state = self._open[-1]
        if state is True:
            self._open[-1] = False
            return
        self._path.pop()
        self._open[-1] = True if state is False else state + 1

    def _note(self, event: Any) -> None:
        if len(self._path) > self._depth:
            return
        node = (self._index, tuple(self._path))
        if node in self._wanted and node not in self._found:
            mark = event.start_mark
            self._found[node] = (mark.line + self._lines + 1, mark.column + 1)

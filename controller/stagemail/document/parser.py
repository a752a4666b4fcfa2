"""PyYAML's event parser (libyaml where it is built in), going on behind a document that cannot be parsed.

Events, not nodes: the parser's own composer recurses, and its marks would cost time on every node.
Not here: what the events mean (``reading``, ``locating``).
"""

import re
from collections.abc import Callable
from typing import Any, Protocol

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner


class EventParser(Protocol):
    """What we use of a parser."""

    def get_event(self) -> Any:
        """The next event. Raises yaml.YAMLError."""
        ...

    def dispose(self) -> None:
        """Break reference cycles."""
        ...


class PythonParser(Reader, Scanner, Parser):
    """The slow parser, for machines whose PyYAML was built without libyaml."""

    def __init__(self, data: bytes) -> None:
        Reader.__init__(self, data)
        Scanner.__init__(self)
        Parser.__init__(self)


def _fastest() -> Callable[[bytes], EventParser]:
    if yaml.__with_libyaml__:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]  # noqa: PLC0415  only there where libyaml is

        return CParser
    return PythonParser


NewParser = _fastest()
_NEXT_DOCUMENT = re.compile(rb"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)


def each_part(
    data: bytes,
    consume: Callable[[Callable[[], Any], int], None],
    failed: Callable[[yaml.YAMLError, int], None],
    new_parser: Callable[[bytes], EventParser],
) -> None:
    """Give ``consume`` the source of events and the number of lines before it.

    On a syntax error ``failed`` is told, and reading goes on at the next line that begins a document.
    """
    offset = lines = 0
    while True:
        parser = None
        try:
            parser = new_parser(data[offset:])
            consume(parser.get_event, lines)
        except yaml.YAMLError as error:
            failed(error, lines)
            mark = getattr(error, "problem_mark", None)
            follow = _behind(data, offset, mark.line if mark else 0)
            if follow is None:
                return
            lines += data.count(b"\n", offset, follow)
            offset = follow
        else:
            return
        finally:
            if parser is not None:
                parser.dispose()


def _behind(data: bytes, offset: int, line: int) -> int | None:
    """Where the next document begins: at the line of the error or later, and never where we began."""
    at = offset
    for _ in range(line):
        following = data.find(b"\n", at)
        if following < 0:
            break
        at = following + 1
    found = _NEXT_DOCUMENT.search(data, at if at > offset else offset + 1)
    return found.start() if found else None

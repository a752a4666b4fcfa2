"""A sheet of terminal text: lines that wrap between words, hang under their own text, and never lose a character.

Everything that is put on a sheet is made visible first (``escape``), so no value can act on the terminal. A word that
is longer than the sheet stays whole, because people copy hosts, addresses and ids. rich's wrapping folds or crops
such words and costs 70 ms of every command's start, therefore these few lines. Not here: what to say.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

from stagemail.report.escape import visible

Style = Literal["", "bold", "dim", "red", "green", "yellow", "cyan"]
Part = str | tuple[str, Style]

_SGR: dict[str, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_WORD = re.compile("(?:[+-] )?[^ ]+")
"""The sign of what comes or goes stays with it."""


def cells(text: str) -> int:
    """Columns that a terminal uses for it: two for wide characters, none for combining marks (UAX #11)."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def as_span(part: Part) -> tuple[str, Style]:
    """A part with its style."""
    return (part, "") if isinstance(part, str) else part


def _cell(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


class Sheet:
    """Collects lines; ``text()`` gives them with a final newline. ``width`` in columns."""

    def __init__(self, width: int = 80, *, color: bool = False) -> None:
        self.width = width
        self._color = color
        self._lines: list[str] = []

    def line(self, *parts: Part, indent: int = 0, hang: int | None = None) -> None:
        """One paragraph. Lines after the first start at column ``hang`` (default: two more than ``indent``)."""
        hang = indent + 2 if hang is None else hang
        spans = [(visible(text), style) for text, style in map(as_span, parts)]
        text = "".join(text for text, _ in spans)
        for number, (start, end) in enumerate(_broken(text, self.width - indent, self.width - hang)):
            margin = " " * (hang if number else indent)
            self._lines.append((margin + self._styled(spans, start, end)).rstrip(" "))

    def row(self, cell: Iterable[Part], widths: Sequence[int], *, indent: int = 0) -> None:
        """Cells in columns of these widths, two spaces apart; what follows the last column wraps under itself."""
        parts: list[Part] = []
        place = indent
        for number, part in enumerate(cell):
            text, style = as_span(part)
            shown = visible(text)
            pad = max(0, widths[number] - cells(shown)) + 2 if number < len(widths) else 0
            parts += [(shown, style), " " * pad]
            place += cells(shown) + pad if number < len(widths) else 0
        wide = indent + sum(widths) + 2 * len(widths)
        self.line(*parts, indent=indent, hang=wide if wide <= self.width // 2 else indent + 4)

    def verbatim(self, text: str, *, indent: int = 0) -> None:
        """Lines to copy: indented and never wrapped."""
        for line in text.splitlines():
            self._lines.append((" " * indent + visible(line)).rstrip(" "))

    def blank(self) -> None:
        """An empty line, unless there is one already."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def text(self) -> str:
        """All lines."""
        return "".join(f"{line}\n" for line in self._lines)

    def _styled(self, spans: Sequence[tuple[str, Style]], start: int, end: int) -> str:
        shown = ""
        at = 0
        for text, style in spans:
            piece = text[max(0, start - at) : max(0, end - at)]
            at += len(text)
            shown += f"\x1b[{_SGR[style]}m{piece}\x1b[0m" if self._color and style and piece.strip(" ") else piece
        return shown


def _broken(text: str, first: int, rest: int) -> list[tuple[int, int]]:
    """Where to break: the start and end of each line of the text."""
    lines: list[tuple[int, int]] = []
    start = end = used = 0
    room = first
    for word in _WORD.finditer(text):
        more = cells(text[end : word.end()])
        if end > start and used + more > room:
            lines.append((start, end))
            start, room, more, used = word.start(), rest, cells(word.group()), 0
        used += more
        end = word.end()
    return [*lines, (start, end)]

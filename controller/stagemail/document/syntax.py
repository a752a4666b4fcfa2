"""A YAML parser's error in words for somebody who does not know YAML's grammar.

Not here: going on after the error (``parser``).
"""

from functools import cached_property

import yaml

from stagemail.document.faults import Faults

_REMEDIES = (
    # A part of the parser's sentence (its problem or context), then what to do.
    ("scanning an alias", 'A leading `*` begins a YAML alias: quote patterns, as in `"*"`.'),
    ("scanning an anchor", 'A leading `&` begins a YAML anchor: quote the text, as in `"& Co"`.'),
    ("tag", 'A leading `!` begins a YAML tag: quote the text, as in `"!important"`.'),
    ("directive", "Remove the line that begins with `%`."),
    ("mapping values are not allowed", "Quote a text that holds `: `, or mend the indentation."),
    ("could not find expected ':'", "Write `key: value` with a space after the colon, or mend the indentation."),
    ("',' or ']'", "Close the list with `]`, and put commas between its items."),
    ("',' or '}'", "Close the mapping with `}`, and put commas between its entries."),
    ("unknown escape", "Use single quotes, or double every backslash."),
    ("quoted scalar", "Close the quotes, on the same line if you can."),
    ("expected key", "Mend the indentation: the keys of one mapping begin in one column."),
    ("'-' indicator", "Mend the indentation: the items of one list begin in one column."),
    ("block end", "Mend the indentation: what belongs together begins in one column."),
    ("document start", "Mend the indentation, or begin a new document with a line `---`."),
    ("block scalar", "Put the text below `|` or `>`, indented by spaces."),
)
_TAB = ("tab-indentation", "a tab stands where YAML wants spaces.", "Indent with spaces.")
_CONFLICT = ("merge-conflict", "the file holds marks of a merge conflict.", "Resolve the conflict.")
_RESERVED = "@`%"
_OPEN = "Close every `[`, `{` and quote."
_OTHER = "Mend the line or the one above."


class SyntaxReport:
    """Turns a parser's errors in one file into problems."""

    def __init__(self, data: bytes, faults: Faults) -> None:
        self._data = data
        self._faults = faults

    def add(self, error: yaml.YAMLError, lines: int) -> None:
        """The error of a part that begins after ``lines`` lines. Raises TooMany."""
        problem = (getattr(error, "problem", None) or "unreadable").rstrip(".")
        context = getattr(error, "context", None) or ""
        mark = getattr(error, "problem_mark", None)
        if "end of stream" in problem:
            mark = getattr(error, "context_mark", None) or mark
        if mark is None:
            self._faults.add(0, 0, "syntax", f"the file is no YAML: {error}.", "Mend or remove what is named.")
        elif self._conflict:
            self._faults.add(self._conflict, 1, *_CONFLICT)
        else:
            self._faults.add(*self._in_words(mark.line + lines, mark.column, problem, context))

    def _in_words(self, line: int, column: int, problem: str, context: str) -> tuple[int, int, str, str, str]:
        if line >= len(self._lines):
            last = len(self._lines)
            return last, len(self._lines[-1].decode()) + 1, "syntax", f"the file ends too early: {context}.", _OPEN
        here = self._lines[line].decode()
        at = here[column : column + 1]
        indentation = here[: len(here) - len(here.lstrip())]
        if at == "\t" or "tab" in problem or "\t" in indentation:
            return line + 1, column + 1, *_TAB
        if at and at in _RESERVED and "cannot start any token" in problem:
            return line + 1, column + 1, "syntax", f"an unquoted text cannot begin with `{at}`.", "Quote it."
        wrong = f"no valid YAML: {context}, {problem}." if context else f"no valid YAML: {problem}."
        remedy = next((r for part, r in _REMEDIES if part in problem or part in context), _OTHER)
        return line + 1, column + 1, "syntax", wrong, remedy

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._data.rstrip(b"\r\n").split(b"\n")

    @cached_property
    def _conflict(self) -> int:
        """The line (from 1) where marks of a merge conflict begin, or 0."""
        return next((n for n, text in enumerate(self._lines, 1) if text.startswith(b"<<<<<<< ")), 0)

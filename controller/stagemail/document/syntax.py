"""A YAML parser's error in words for somebody who does not know YAML's grammar.

Not here: going on after the error (``parser``).
"""

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


def report_syntax(error: yaml.YAMLError, data: bytes, lines: int, faults: Faults) -> None:
    """Turn the error of a part that begins after ``lines`` lines into a problem."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        faults.add(0, 0, "syntax", f"the file is no YAML: {error}.", "Mend or remove what is named.")
        return
    source = data.split(b"\n")
    for number, text in enumerate(source, 1):
        if text.startswith(b"<<<<<<< "):
            faults.add(number, 1, *_CONFLICT)
            return
    if "end of stream" in (getattr(error, "problem", None) or ""):
        mark = getattr(error, "context_mark", None) or mark
    line = mark.line + lines
    here = source[line].decode() if line < len(source) else ""
    at = here[mark.column : mark.column + 1]
    problem = (getattr(error, "problem", None) or "unreadable").rstrip(".")
    context = getattr(error, "context", None) or ""
    if at == "\t" or "tab" in problem or here[: len(here) - len(here.lstrip())].count("\t"):
        faults.add(line + 1, mark.column + 1, *_TAB)
        return
    if at and at in _RESERVED and "cannot start any token" in problem:
        wrong = f"an unquoted text cannot begin with `{at}`."
        faults.add(line + 1, mark.column + 1, "syntax", wrong, "Quote it.")
        return
    wrong = f"no valid YAML: {context}, {problem}." if context else f"no valid YAML: {problem}."
    remedy = next((r for part, r in _REMEDIES if part in problem or part in context), "Mend the line or the one above.")
    faults.add(line + 1, mark.column + 1, "syntax", wrong, remedy)

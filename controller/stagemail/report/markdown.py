"""Markdown pieces that no value can break out of (GitHub Flavored Markdown 0.29, also as GitLab and Gitea read it).

A value stands in a code span, where neither mentions, links, HTML nor emphasis mean anything. A value with characters
that end a span or a table's cell is written as entities instead. Not here: what a report says.
"""

import re
from collections.abc import Iterable, Sequence

from stagemail.report.escape import visible

_QUOTED = re.compile(r"(`[^`]+`|(?<!\S)\*\w[^*`|]*\w\*)")
"""What our own messages set apart: code, and names of permissions as ODC's documents write them."""
_UNSAFE = re.compile(r"[|`\\]|^ | $|^$")
_ORDINARY = re.compile(r"(?!www\.)(?:[A-Za-z0-9(\"'][A-Za-z0-9.,;:?!()/'\"%=…-]*|→|[.,;:?!)]+)")
"""A word of prose that no renderer turns into a link, a mention, emphasis or HTML."""


def code(text: str) -> str:
    """A value, literally."""
    shown = visible(text)
    if not _UNSAFE.search(shown):
        return f"`{shown}`"
    return f"<code>{''.join(char if char.isalnum() else f'&#{ord(char)};' for char in shown)}</code>"


def prose(text: str) -> str:
    """A sentence that may hold anybody's names: words that could mean something to a renderer become code."""
    return "".join(map(_piece, _QUOTED.split(visible(text))))


def _piece(text: str) -> str:
    if _QUOTED.fullmatch(text):
        return code(text[1:-1])
    return " ".join(_word(word) for word in text.split(" "))


def _word(word: str) -> str:
    ordinary = _ORDINARY.fullmatch(word) and "//" not in word
    return word if not word or ordinary else code(word)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; "" without rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join((f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}", *lines)) + "\n"


def details(summary: str, body: str) -> str:
    """A part that opens on a click. ``summary`` is text of ours, never a value."""
    return f"<details><summary>{summary}</summary>\n\n{body.rstrip()}\n\n</details>\n"


def fenced(language: str, text: str) -> str:
    """Lines to copy, in a fence that is longer than any in them."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"

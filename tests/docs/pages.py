"""What a reader of a page would type and write, in order: its fenced blocks.

``console`` blocks hold commands (after ``$``) and what they print; ``sh`` blocks are one command; a YAML block after
``<!-- file: PATH -->`` is written there. ``<!-- not run: why -->`` and ``<!-- background -->`` stand before a block.
Not here: running them (``session``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(
    r"(?:<!-- (?P<note>not run: [^>]+|background|file: [^>]+?) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_EXIT = re.compile(r"\s+# exits with (\d+)$")


@dataclass(slots=True)
class Command:
    """A command line, the exit code that the page promises, and the lines that it shows of the output."""

    line: str
    code: int = 0
    shows: list[str] = field(default_factory=list)
    background: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A file that the page tells to write."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class NotRun:
    """A block that no test can run, and why."""

    why: str
    body: str


def blocks(page: Path) -> Iterator[Command | Written | NotRun]:
    """Everything that a page tells its reader to do."""
    for found in _FENCE.finditer(page.read_text(encoding="utf-8")):
        note, language, body = found["note"] or "", found["language"], found["body"]
        if note.startswith("file: "):
            yield Written(note.removeprefix("file: "), body)
        elif language not in ("console", "sh", "bash", "shell"):
            continue
        elif note.startswith("not run: "):
            yield NotRun(note.removeprefix("not run: "), body)
        elif language == "console":
            yield from _commands(body, background=note == "background")
        else:
            yield Command(body)


def _commands(body: str, *, background: bool) -> Iterator[Command]:
    command: Command | None = None
    for line in body.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command
            code = _EXIT.search(line)
            text = line[2:] if code is None else line[2 : code.start()]
            command = Command(text, int(code[1]) if code else 0, background=background)
        elif command is not None and line.strip():
            command.shows.append(line)
    if command is not None:
        yield command

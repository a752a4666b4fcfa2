"""What was played already and converged, line by line in a file: the long form goes on where it was stopped.

It counts for one state of the code only: where a file of the product or of the tests differs, it begins from nothing.
A case that failed is not kept, and so is played again. Not here: what is played (``parts``, ``tests.faults``).
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.failpoints.world import ROOT

FILE: Final = ROOT / ".faults" / "played.jsonl"
CODE: Final = ("controller", "tests", "schemas", "environments")
"""Folders that decide what a case shows."""
SESSION: Final = "session"
"""The part under which the seconds of each session stand."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Lines of a file, one for each thing that converged; processes add theirs side by side. No file keeps nothing."""

    file: Path | None = None

    def add(self, part: str, **what: Any) -> None:
        """Keep one thing of a part; whole or not at all."""
        if self.file is None:
            return
        descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, b"\n" + json.dumps({"part": part, **what}).encode())
        finally:
            os.close(descriptor)

    def of(self, part: str) -> list[dict[str, Any]]:
        """What is kept of a part."""
        return [line for line in self._lines() if line.pop("part") == part]

    def _lines(self) -> Iterator[dict[str, Any]]:
        if self.file is None or not self.file.exists():
            return
        for line in self.file.read_text(encoding="utf-8").splitlines()[1:]:
            with suppress(ValueError):  # half a line of a process that was killed
                yield json.loads(line)


NOTHING: Final = Kept()


def opened(file: Path, code: str, *, anew: bool = False) -> Kept:
    """What is kept there of this state of the code; what is there of another one is forgotten."""
    first = json.dumps({"code": code})
    known = file.read_text(encoding="utf-8").partition("\n")[0] if file.exists() else ""
    if anew or known != first:
        file.parent.mkdir(exist_ok=True)
        file.write_text(first, encoding="utf-8")
    return Kept(file)


def code_now() -> str:
    """The state of the code, as one word: of every file below ``CODE``, and of Python."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for path in sorted(path for folder in CODE for path in (ROOT / folder).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()

"""Writes the first files of a repository, never over one that is there. Not here: what is in them."""

from collections.abc import Mapping
from pathlib import Path

from stagemail.errors import UsageError
from stagemail.wiring.templates import IGNORED


def refuse_present(folder: Path, paths: list[str], verb: str) -> None:
    """Raises UsageError where one of these files or folders is there already."""
    present = sorted(path for path in paths if (folder / path).exists())
    if present:
        raise UsageError(
            f"already there: {', '.join(present)}", hint=f"{verb} writes into a repository that has none yet"
        )


def write_first(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files, and keep the record and its key out of Git."""
    for path, text in sorted(files.items()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as opened:
            opened.write(text)
    _ignore(folder / ".gitignore")


def _ignore(path: Path) -> None:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    missing = [line for line in IGNORED.splitlines() if line not in text.splitlines()]
    if missing:
        joint = "" if not text or text.endswith("\n") else "\n"
        path.write_text(text + joint + "\n".join(missing) + "\n", encoding="utf-8")

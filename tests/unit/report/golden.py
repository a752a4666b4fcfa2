"""Compares a text with its golden file. ``GOLDEN=write`` writes them anew, to be reviewed in the diff."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """Fail where the text is not byte for byte what the golden file holds."""
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text.encode() == path.read_bytes(), f"{name} differs; look at it, then GOLDEN=write"

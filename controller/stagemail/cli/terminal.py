"""What reports know of the terminal: its width, and whether it wants colour. Not here: printing (``output``)."""

import os
import sys
from importlib import import_module


def width() -> int:
    """Columns to write for: the terminal's, 80 where there is none, at most 120."""
    if not os.environ.get("COLUMNS") and not os.isatty(1):
        return 80  # there is nobody to ask, and shutil takes three milliseconds to load
    columns: int = import_module("shutil").get_terminal_size((80, 24)).columns
    return min(120, columns)


def color() -> bool:
    """Whether to colour: a terminal that did not ask us not to (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

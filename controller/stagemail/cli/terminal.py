"""What reports know of the terminal: its width, and whether it wants colour. Not here: printing (``output``)."""

import os
import shutil
import sys


def width() -> int:
    """Columns to write for: the terminal's, 80 where there is none, at most 120."""
    return min(120, shutil.get_terminal_size((80, 24)).columns)


def color() -> bool:
    """Whether to colour: a terminal that did not ask us not to (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

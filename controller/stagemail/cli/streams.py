"""The standard streams of a command, with every known credential taken out of what is written to them.

Whatever writes there goes through it: reports, errors, progress, tracebacks, warnings, libraries and log handlers that
were made after the command began. Not here: what is known (``reconcile.net``).
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from stagemail.model.scrub_json import scrub_text

Scrub = Callable[[str], str]


class Edge:
    """Where the streams ask. Until a command has a net nothing is known, and every text passes."""

    def __init__(self) -> None:
        self.scrub: Scrub = str


class ScrubbedStream:
    """A text stream before another one. It has no ``buffer``: bytes would go past it."""

    def __init__(self, inner: TextIO, edge: Edge) -> None:
        self._inner = inner
        self._edge = edge
        self.encoding, self.errors = inner.encoding, inner.errors

    def write(self, text: object) -> int:
        """Write it without what is known; one credential, and one JSON document, must come in one piece."""
        if not isinstance(text, str):  # click finds out in this way whether a stream takes bytes
            raise TypeError("this stream takes text only")
        self._inner.write(scrub_text(text, self._edge.scrub))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them as one piece."""
        self.write("".join(lines))

    def flush(self) -> None:
        """See ``io.IOBase``."""
        self._inner.flush()

    def isatty(self) -> bool:
        """See ``io.IOBase``."""
        return self._inner.isatty()

    def fileno(self) -> int:
        """See ``io.IOBase``. What another process writes there is its own business."""
        return self._inner.fileno()

    def writable(self) -> bool:
        """See ``io.IOBase``."""
        return True

    @property
    def closed(self) -> bool:
        """See ``io.IOBase``."""
        return self._inner.closed


@contextmanager
def guarded() -> Iterator[Edge]:
    """Put the standard streams behind an edge until the command is over."""
    before = sys.stdout, sys.stderr
    edge = Edge()
    sys.stdout = cast("TextIO", ScrubbedStream(sys.stdout, edge))
    sys.stderr = cast("TextIO", ScrubbedStream(sys.stderr, edge))
    try:
        yield edge
    finally:
        sys.stdout, sys.stderr = before

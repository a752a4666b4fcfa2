"""Where something stands in Git: a place inside a document, and the line and column that it resolves to.

Not here: finding the line (``document`` composes the blob again when a person needs it).
"""

from stagemail.dataclass import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A point in a file. ``line`` and ``column`` count from 1; 0 means the file as a whole."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A node of a YAML document before anybody asked for its line.

    ``document`` counts the documents of the file from 0; ``pointer`` holds mapping keys and
    list indexes (as text) from the document's root, as in RFC 6901 but unescaped.
    """

    path: str
    document: int = 0
    pointer: tuple[str, ...] = ()

    def child(self, *steps: str | int) -> "Place":
        """The place below this one."""
        return Place(self.path, self.document, self.pointer + tuple(str(step) for step in steps))

"""Strict YAML: bytes of one file to plain documents and located problems. The only importer of PyYAML.

What reads YAML is loaded when it is first named: who only lists files has no need of PyYAML.
Not here: which files there are (``source``), what a document means (``resources``), caching (``source.cache``).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from stagemail.document.characters import confusable, describe_character, forbidden_character
from stagemail.document.limits import MAX_DEPTH, MAX_FILE, MAX_NODES, MAX_SCALAR

if TYPE_CHECKING:
    from stagemail.document.commented import comments
    from stagemail.document.locating import locate, locate_all
    from stagemail.document.reading import READER_VERSION, Document, read

__all__ = [
    "MAX_DEPTH",
    "MAX_FILE",
    "MAX_NODES",
    "MAX_SCALAR",
    "READER_VERSION",
    "Document",
    "comments",
    "confusable",
    "describe_character",
    "forbidden_character",
    "locate",
    "locate_all",
    "read",
]

_LATE: Final = {
    "Document": "reading",
    "READER_VERSION": "reading",
    "comments": "commented",
    "locate": "locating",
    "locate_all": "locating",
    "read": "reading",
}
"""The module of each name that is loaded when it is first asked for; no name is its module's own."""


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(name)
    found = getattr(import_module(f"stagemail.document.{_LATE[name]}"), name)
    globals()[name] = found
    return found

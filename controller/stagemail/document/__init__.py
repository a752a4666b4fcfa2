"""Strict YAML: bytes of one file to plain documents and located problems. The only importer of PyYAML.

Not here: which files there are (``source``), what a document means (``resources``), caching (``source.cache``).
"""

from stagemail.document.characters import confusable, describe_character, forbidden_character
from stagemail.document.comments import comments
from stagemail.document.limits import MAX_DEPTH, MAX_FILE, MAX_NODES, MAX_SCALAR
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

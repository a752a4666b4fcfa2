"""The YAML files of one state of a repository: what a working tree and a revision have in common.

Regular files named ``*.yaml`` or ``*.yml``; hidden files and folders do not count; nothing is followed anywhere.
Not here: reading YAML (``tree_documents``), what the files mean (``assemble``).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Final, Protocol

from stagemail.dataclass import dataclass
from stagemail.document import describe_character, forbidden_character
from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.model.revision import Commit, Revision
from stagemail.source.quota import Quota


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A YAML file. ``path`` is relative to the top of the repository, ``size`` in bytes.

    ``id`` names its content: Git's blob id for what is committed, ``sha256:…`` for what is not.
    """

    path: str
    id: str
    size: int


ENTRY_ORDER: Final = attrgetter("path", "id", "size")
"""Sorts entries as they compare, quicker."""


class Tree(Protocol):
    """One state of a repository's YAML files. Reads the same however often it is asked."""

    def revision(self) -> Revision:
        """The commit; for a working tree with what is not committed, ``working-tree`` outside Git."""
        ...

    def entries(self) -> tuple[Entry, ...]:
        """Every file that counts, sorted by path. Raises InvalidInput over quota, NotFound."""
        ...

    def problems(self) -> tuple[Problem, ...]:
        """What looks like a file that counts and is not read: links, devices, odd names, too large ones. Sorted."""
        ...

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The bytes of entries, by path, in one go. A file that went away since is left out."""
        ...

    def changed_by(self, location: Location) -> Commit | None:
        """Who last changed a line; None outside Git or where it is not committed."""
        ...


def is_yaml(path: str) -> bool:
    """Whether a path is named as a YAML file."""
    return path.lower().endswith((".yaml", ".yml"))


def is_hidden(path: str) -> bool:
    """Whether the file or a folder above it begins with a dot."""
    return path.startswith(".") or "/." in path


def content_id(data: bytes) -> str:
    """The id of content that is not in Git."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def blob_id(data: bytes, like: str) -> str:
    """Git's id of content, by the same hash as ``like`` was made with."""
    algorithm = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def refused(path: str, code: str, message: str, remedy: str) -> Problem:
    """A problem of a file as a whole, its name made printable."""
    return Problem(Location(printable(path)), code, message, remedy)


def printable(path: str) -> str:
    """A path as text that can be shown: what cannot is escaped."""
    return "".join(c if c.isprintable() else c.encode("utf-8", "surrogateescape").hex(" ").join("<>") for c in path)


def odd_name(path: str) -> Problem | None:
    """The problem of a path that people cannot read or type, or None."""
    if path.isascii() and path.isprintable():
        return None
    if any("\ud800" <= character <= "\udfff" for character in path):
        return refused(path, "odd-file-name", "the file's name is not UTF-8.", "Rename it.")
    if (found := forbidden_character(path)) or (found := next((c for c in path if c in "\n\t"), None)):
        wrong = f"the file's name holds {describe_character(found)}."
        return refused(path, "odd-file-name", wrong, "Rename it.")
    return None


def not_followed(path: str, what: str) -> Problem:
    """A link or submodule: an error where a YAML file seems to be meant, else a warning."""
    problem = refused(path, f"{what}-not-followed", _NOT_FOLLOWED[what], "Put the files themselves there.")
    return problem if is_yaml(path) else replace(problem, severity="warning")


_NOT_FOLLOWED = {
    "symlink": "a symbolic link is not followed.",
    "submodule": "a submodule is not read.",
}


def too_large(path: str, size: int, quota: Quota) -> Problem | None:
    """The problem of a file that is too large, or None."""
    if size <= quota.file:
        return None
    wrong = f"the file has {size:,} bytes; at most {quota.file:,} are read."
    return refused(path, "file-too-large", wrong, "Split it into several files.")

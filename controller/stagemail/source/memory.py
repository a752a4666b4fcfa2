"""A Source over files in memory: for tests, for demonstrations, and for documents that exist nowhere yet.

Not here: what documents mean (``source.source``).
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.model.revision import Commit, Revision
from stagemail.source.assemble import Checks
from stagemail.source.cache import NullCache
from stagemail.source.source import TreeSource
from stagemail.source.tree import Entry, content_id, is_yaml

if TYPE_CHECKING:  # pydantic stays off the path that judges documents
    from stagemail.resources.operator import Operator


class MemoryTree:
    """Files by path. The revision's id is the digest of all of them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(sorted(files.items()))

    def revision(self) -> Revision:
        """The digest of all files; nothing is ever uncommitted."""
        digest = hashlib.sha1(usedforsecurity=False)
        for path, data in self._files.items():
            digest.update(f"{path}\0{len(data)}\0".encode())
            digest.update(data)
        return Revision(digest.hexdigest())

    def entries(self) -> tuple[Entry, ...]:
        """Every YAML file, by path."""
        return tuple(Entry(path, content_id(data), len(data)) for path, data in self._files.items() if is_yaml(path))

    def problems(self) -> tuple[Problem, ...]:
        """None: there are no links or devices here."""
        return ()

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The bytes of these files."""
        return {path: self._files[path] for path in paths if path in self._files}

    def changed_by(self, location: Location) -> Commit | None:
        """Nobody: these files have no history."""
        del location
        return None


class MemorySource(TreeSource):
    """A Source over files by path."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        operator: "Operator | None",
        *,
        today: date,
        checks: Checks | None = None,
        base: str = "environments",
    ) -> None:
        super().__init__(MemoryTree(files), operator, checks=checks or {}, today=today, cache=NullCache(), base=base)

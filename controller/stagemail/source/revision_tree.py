"""The YAML files of one commit, read from Git's objects: never a checkout.

Not here: fetching (``git.mirror``), files that are not committed (``working_tree``).
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

from stagemail import git
from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.model.revision import Commit, Revision
from stagemail.source.quota import Quota
from stagemail.source.tree import ENTRY_ORDER, Entry, is_hidden, is_yaml, not_followed, odd_name, too_large

_NO_FILE = {"120000": "symlink", "160000": "submodule"}


class RevisionTree:
    """A commit. ``ref`` is resolved once, when made; ``folders`` are relative to the top (none: everything)."""

    def __init__(
        self, repository: git.Repository, ref: str, folders: Sequence[str] = (), quota: Quota | None = None
    ) -> None:
        self._repository = repository
        self._folders = tuple(folder.strip("/") for folder in folders if folder.strip("/") not in ("", "."))
        self._quota = quota or Quota()
        self.id = git.resolve(repository, ref)

    def revision(self) -> Revision:
        """The commit."""
        commit = git.commit(self._repository, self.id)
        return Revision(commit.id, commit.subject, commit.author, commit.at)

    def entries(self) -> tuple[Entry, ...]:
        """Every YAML file below the folders."""
        return self._listing[0]

    def problems(self) -> tuple[Problem, ...]:
        """What looks like one and is not read."""
        return self._listing[1]

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The bytes of entries; equal contents are read once."""
        known = {entry.path: entry for entry in self.entries()}
        wanted = [known[path] for path in paths if path in known]
        blobs = git.read_blobs(self._repository, {entry.id: entry.size for entry in wanted}, self._quota.total)
        return {entry.path: blobs[entry.id] for entry in wanted}

    def changed_by(self, location: Location) -> Commit | None:
        """Who last changed the line, up to this commit."""
        return git.blame(self._repository, location.path, max(location.line, 1), self.id)

    @cached_property
    def _listing(self) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
        entries: list[Entry] = []
        problems: list[Problem] = []
        files = git.tree(self._repository, self.id, self._folders)
        self._quota.check_visited(len(files))
        for file in files:
            if is_hidden(file.path):
                continue
            if file.mode in _NO_FILE:
                problems.append(not_followed(file.path, _NO_FILE[file.mode]))
            elif is_yaml(file.path):
                problem = odd_name(file.path) or too_large(file.path, file.size, self._quota)
                if problem:
                    problems.append(problem)
                else:
                    entries.append(Entry(file.path, file.id, file.size))
        self._quota.check(len(entries), sum(entry.size for entry in entries))
        return tuple(sorted(entries, key=ENTRY_ORDER)), tuple(sorted(problems))

"""The YAML files that lie in a folder now: what CI checked out, what an admin has open; in Git or not.

What Git ignores does not count, so that a clean working tree and its commit are the same.
Not here: opening files safely (``working_tree_files``), a commit without a checkout (``revision_tree``).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Thread

from stagemail import git
from stagemail.errors import NotFound, StagemailError
from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.model.revision import Commit, Revision
from stagemail.source.quota import Quota
from stagemail.source.tree import (
    ENTRY_ORDER,
    Entry,
    content_id,
    is_hidden,
    is_yaml,
    not_followed,
    odd_name,
    refused,
    too_large,
)
from stagemail.source.working_tree_files import Found, read_file, walk

NOT_IN_GIT = "working-tree"
"""The id of the revision outside Git."""
_DIRTY_SHOWN = 10


class WorkingTree:
    """A folder. Inside a repository paths count from the repository's top; ``folders`` count from ``root``."""

    def __init__(self, root: Path, folders: Sequence[str] = (), quota: Quota | None = None) -> None:
        if not root.is_dir():
            raise NotFound(f"{root} is not a folder.", hint="Name a repository or its environments folder.")
        self._quota = quota or Quota()
        self._asked = root, tuple(folders)
        self._repository = git.discover(root)
        top = self._repository.top if self._repository else None
        if top is None:
            self._repository = None
        self.top = top or root.resolve()
        below = root.resolve().relative_to(self.top.resolve()).as_posix()
        named = [folder.strip("/") for folder in folders] or [""]
        joined = ["/".join(part for part in (below, folder) if part not in ("", ".")) for folder in named]
        self._folders = () if "" in joined else tuple(joined)
        self._contents: dict[str, bytes] = {}
        self._held = 0

    def is_of(self, root: Path, folders: Sequence[str]) -> bool:
        """Whether it was made for these."""
        return self._asked == (root, tuple(folders))

    def revision(self) -> Revision:
        """HEAD with what is not committed below the folders (at most ten paths)."""
        if self._repository is None:
            return Revision(NOT_IN_GIT)
        shown, head = self._dirty[:_DIRTY_SHOWN], self._head
        if head is None:
            return Revision(NOT_IN_GIT, dirty=shown)
        return Revision(head.id, head.subject, head.author, head.at, shown)

    def entries(self) -> tuple[Entry, ...]:
        """Every YAML file below the folders that is tracked, or new and not ignored."""
        return self._listing[0]

    def problems(self) -> tuple[Problem, ...]:
        """What looks like one and is not read."""
        return self._listing[1]

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The bytes as they are now; of what is not committed, as they were when listed."""
        known = {entry.path for entry in self.entries()}
        read: dict[str, bytes] = {}
        for path in paths:
            if path in known:
                data = self._contents.get(path)
                data = read_file(self.top, path, self._quota.file) if data is None else data
                if data is not None:
                    read[path] = data
        return read

    def changed_by(self, location: Location) -> Commit | None:
        """Who last changed the line."""
        if self._repository is None:
            return None
        return git.blame(self._repository, location.path, max(location.line, 1), None)

    @cached_property
    def _index(self) -> dict[str, git.IndexEntry]:
        found = git.index(self._repository, self._folders) if self._repository else ()
        return {entry.path: entry for entry in found}

    @cached_property
    def _status(self) -> git.Status:
        return git.status(self._repository, self._folders) if self._repository else git.Status((), ())

    @cached_property
    def _head(self) -> Commit | None:
        """None before the first commit."""
        if self._repository is None:
            return None
        try:
            return git.head(self._repository)
        except NotFound:
            return None

    @cached_property
    def _dirty(self) -> tuple[str, ...]:
        """What status says, and files that Git was told not to look at whose content differs all the same."""
        hidden = {
            path
            for path, data in ((e.path, self._contents.get(e.path)) for e in self.entries())
            if data is not None and path in self._index and not self._index[path].certain
        }
        return tuple(sorted({*self._status.dirty, *hidden}))

    @cached_property
    def _listing(self) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
        entries: list[Entry] = []
        problems: list[Problem] = []
        seen: set[str] = set()
        with _meanwhile(lambda: self._status, lambda: self._head):  # git is a process of its own each time
            submodules = tuple(f"{path}/" for path, entry in self._index.items() if entry.mode == "160000")
        for found in walk(self.top, self._folders, self._quota):
            if submodules and found.path.startswith(submodules):
                continue
            seen.add(found.path)
            outcome = self._look(found)
            if isinstance(outcome, Entry):
                entries.append(outcome)
                self._quota.check(len(entries), 0)
            elif outcome is not None:
                problems.append(outcome)
        self._quota.check(len(entries), sum(entry.size for entry in entries))
        problems += self._missing(seen)
        return tuple(sorted(entries, key=ENTRY_ORDER)), tuple(sorted(problems))

    def _look(self, found: Found) -> Entry | Problem | None:
        tracked = self._index.get(found.path)
        if found.kind == "symlink" or (tracked and tracked.mode == "120000"):
            return not_followed(found.path, "symlink")
        if not is_yaml(found.path):
            return None
        if found.kind == "other":
            return refused(found.path, "not-a-file", "this is no regular file.", "Remove it from the folder.")
        problem = odd_name(found.path) or too_large(found.path, found.size, self._quota)
        if problem:
            return problem
        if self._repository is None or found.path in self._untracked:
            return self._hashed(found.path)
        return self._tracked(found, tracked)

    def _tracked(self, found: Found, tracked: git.IndexEntry | None) -> Entry | Problem | None:
        if tracked is None:
            ignored = refused(found.path, "ignored-by-git", "Git ignores this file, so it is not read.", "")
            return replace(ignored, severity="note")
        if tracked.certain and found.path not in self._changed:
            return Entry(found.path, tracked.id, found.size)
        return self._hashed(found.path)

    @cached_property
    def _changed(self) -> frozenset[str]:
        return frozenset(self._status.changed)

    @cached_property
    def _untracked(self) -> frozenset[str]:
        return frozenset(self._status.untracked)

    def _hashed(self, path: str) -> Entry | Problem | None:
        data = read_file(self.top, path, self._quota.file)
        if data is None:
            return None
        if problem := too_large(path, len(data), self._quota):
            return problem
        self._contents[path] = data
        self._held += len(data)
        self._quota.check(0, self._held)
        return Entry(path, content_id(data), len(data))

    def _missing(self, seen: set[str]) -> list[Problem]:
        """Submodules, and files that are committed but were not checked out: they must not look as if removed."""
        problems = [not_followed(path, "submodule") for path, e in self._index.items() if e.mode == "160000"]
        for path, entry in self._index.items():
            absent = path not in seen and path not in self._changed and entry.mode != "160000"
            if absent and is_yaml(path) and not is_hidden(path):
                wrong = "the file is committed and not checked out (sparse checkout?)."
                problems.append(refused(path, "not-checked-out", wrong, "Run `git sparse-checkout disable`."))
        return problems


@contextmanager
def _meanwhile(*questions: Callable[[], object]) -> Iterator[None]:
    """Ask these at the same time. One that fails is asked again by whoever needs its answer, and fails there."""

    def ask(question: Callable[[], object]) -> None:
        with suppress(StagemailError, OSError):
            question()

    threads = [Thread(target=ask, args=(question,), daemon=True) for question in questions]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()

"""One branch that the controller follows: a mirror of a remote repository, or a repository on this machine.

Implements ``ports.Follower``. A look asks the remote for one line first and fetches only where it is another one.
Not here: when to look (``reconcile.loop``), what may be followed (``following``), credentials (``wiring``).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

from stagemail import git
from stagemail.errors import NotFound
from stagemail.model.revision import Advance, Loaded
from stagemail.model.verdict import Verdict
from stagemail.ports import Source

KEPT: Final = 4
"""Revisions whose documents stay in memory: the branch's, and those that stages are held back at."""

Fetch = Callable[[str], tuple[git.Repository, str]]
"""Brings a copy up to date, given the revision that is known; gives it with the full id of the branch's commit."""
Judge = Callable[[git.Repository, str], Verdict]
"""Whether the branch's commit may be followed (``following``)."""
Open = Callable[[git.Repository, str], Source]
"""The documents of a revision (a full id)."""


class GitBranch:
    """``folders``: by stage, the folders of its documents. The callables come from ``wiring``."""

    def __init__(self, fetch: Fetch, judge: Judge, documents: Open, folders: Mapping[str, Sequence[str]]) -> None:
        self._fetch = fetch
        self._judge = judge
        self._documents = documents
        self._folders = folders
        self._repository: git.Repository | None = None
        self._tip = ""
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()
        self._contents: dict[str, Mapping[str, str]] = {}
        self._looking = Lock()
        self._loading = Lock()

    def look(self) -> Verdict:
        """See ``ports.Follower.look``."""
        with self._looking:
            self._repository, self._tip = self._fetch(self._tip)
            return self._judge(self._repository, self._tip)

    def contents(self, revision: str) -> Mapping[str, str]:
        """See ``ports.Follower.contents``: a digest over the ids of the stage's folders."""
        with self._loading:
            known = self._contents.get(revision)
            if known is None:
                known = contents_at(self._opened(), revision, self._folders)
                self._contents = {**dict([*self._contents.items()][-KEPT:]), revision: known}
            return known

    def load(self, revision: str) -> Loaded:
        """See ``ports.Follower.load``; a revision is read once for all of its stages."""
        with self._loading:
            if revision not in self._loaded:
                self._loaded[revision] = self._documents(self._opened(), revision).load()
                while len(self._loaded) > KEPT:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(revision)
            return self._loaded[revision]

    def advance(self, old: str, new: str) -> Advance:
        """See ``ports.Follower.advance``."""
        return git.advance(self._opened(), old, new)

    def _opened(self) -> git.Repository:
        if self._repository is None:
            raise NotFound("the repository was not looked at yet", hint="wait for the next look at it")
        return self._repository


def contents_at(repository: git.Repository, revision: str, folders: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """By stage, a digest over the ids of its folders at a revision (a full id)."""
    every = sorted({_plain(folder) for listed in folders.values() for folder in listed})
    found = git.folder_ids(repository, revision, every)
    return {stage: _digest(found, listed) for stage, listed in folders.items()}


def local(folder: Path, branch: str | None) -> Fetch:
    """A repository on this machine, as it is; ``branch`` None: what is checked out there."""

    def fetch(_known: str) -> tuple[git.Repository, str]:
        repository = git.open_repository(folder)
        return repository, git.resolve(repository, branch or "HEAD")

    return fetch


def mirrored(url: str, branch: str | None, folder: Path, access: Callable[[], git.Access]) -> Fetch:
    """A mirror of a remote in ``folder``. ``access`` is asked at each look, so that a new credential is used."""

    def fetch(known: str) -> tuple[git.Repository, str]:
        reach = access()
        if known and folder.is_dir():
            tip = git.remote_tip(url, branch=branch, access=reach, at=folder)
            if tip == known:
                return git.open_repository(folder), known
        repository = git.mirror(url, folder, branch=branch, access=reach)
        return repository, git.resolve(repository, "HEAD")

    return fetch


def _plain(folder: str) -> str:
    stripped = folder.strip("/")
    return "" if stripped == "." else stripped


def _digest(found: Mapping[str, str], folders: Sequence[str]) -> str:
    listed = [f"{folder}={found[folder]}" for folder in sorted(map(_plain, folders)) if folder in found]
    return hashlib.sha256("\n".join(listed).encode()).hexdigest() if listed else ""

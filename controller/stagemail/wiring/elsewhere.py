"""The stages whose documents are not in this checkout: read from the branches that the controller follows.

A checkout has the documents of one source: of the one whose address its ``origin`` has, else of ``source:``. On a
machine without any checkout, as the controller's own, everything is elsewhere.
Not here: following a branch (``source.branch``), the checkout's own documents (``opening``).
"""

from collections.abc import Mapping
from pathlib import Path

from stagemail import git
from stagemail.errors import StagemailError, UserMustFix
from stagemail.model.revision import Loaded
from stagemail.reconcile.net import Net
from stagemail.resources.operator import Operator
from stagemail.source.branch import GitBranch
from stagemail.wiring.installation import Installation
from stagemail.wiring.running import Running
from stagemail.wiring.sources import MAIN, address_of, contents_of, followers, mirror_of, source_name


def here(operator: Operator, base: Path, root: Path) -> str:
    """The name of the source whose documents are in this checkout, or would be. ``base``: the operator file's folder"""
    named = {name: address_of(written.url, base) for name, written in operator.sources.items()}
    origin = _origin(root)
    if origin and origin != _plain(address_of(operator.source.url, base)):
        return next((name for name, url in sorted(named.items()) if _plain(url) == origin), MAIN)
    return MAIN


def within(operator: Operator, name: str) -> Operator:
    """The operator file with the stages of one source."""
    return operator.within(None if name == MAIN else name)


class Elsewhere:
    """What a command reads of other repositories; each is looked at once, when its first stage is asked for."""

    def __init__(self, installation: Installation, root: Path, revision: str | None, net: Net) -> None:
        self._installation, self._root, self._revision, self._net = installation, root, revision, net
        operator = installation.operator
        self._here = here(operator, installation.base, root)
        own = within(operator, self._here)
        written = own.source
        is_checked_out = written.url is None or any((root / folder).is_dir() for folder in own.folders())
        self._away = frozenset(s for s in operator.stages if not is_checked_out or not self._is_here(s))
        self._followers = followers(installation, root, Running(installation, net).own_secret) if self._away else {}
        self._loaded: dict[str, Loaded] = {}

    def has(self, stage: str) -> bool:
        """Whether the stage's documents are elsewhere."""
        return stage in self._away

    def loaded(self, stage: str) -> Loaded:
        """Every stage of the stage's source, at its branch's newest commit that may be followed, or at the revision.

        Raises UserMustFix where the branch may not be followed, and what a look raises.
        """
        name = source_name(self._installation.operator, stage)
        if name not in self._loaded:
            follower = self._followers[name]
            verdict = follower.look()
            if not verdict.follow:
                raise UserMustFix(f"{name}: {verdict.message}", hint=verdict.hint)
            self._loaded[name] = follower.load(self._at(stage) or verdict.follow)
        return self._loaded[name]

    def contents(self, stage: str) -> Mapping[str, str]:
        """By stage of the same source, what its documents are at the revision that ``loaded`` gave."""
        name = source_name(self._installation.operator, stage)
        follower = self._followers[name]
        return follower.contents(self.loaded(stage).revision.id) if isinstance(follower, GitBranch) else {}

    def root(self, stage: str) -> Path:
        """The repository of the stage's documents: the mirror of the branch."""
        return mirror_of(self._installation, self._installation.operator.source_of(stage)) or self._root

    def _at(self, stage: str) -> str:
        if self._revision is None:
            return ""
        return git.resolve(git.open_repository(self.root(stage)), self._revision)

    def _is_here(self, stage: str) -> bool:
        name = source_name(self._installation.operator, stage)
        return name == self._here or self._installation.operator.source_of(stage).url is None


def contents_here(installation: Installation, root: Path, revision: str) -> Mapping[str, str]:
    """By stage, what its documents are at a revision of this checkout."""
    return contents_of(installation, root, revision, within(installation.operator, here_of(installation, root)))


def here_of(installation: Installation, root: Path) -> str:
    """As ``here``, of an installation."""
    return here(installation.operator, installation.base, root)


def _origin(root: Path) -> str:
    try:
        repository = git.discover(root)
        return _plain(git.origin(repository)) if repository is not None else ""
    except StagemailError:
        return ""


def _plain(url: str | None) -> str:
    """An address as it is compared: without what servers do not mind."""
    return (url or "").removeprefix("file://").rstrip("/").removesuffix(".git")

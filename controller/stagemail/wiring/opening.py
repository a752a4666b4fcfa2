"""Opens what a command works on: the operator file, and the documents of a working tree or a revision.

The operator file is never taken from a tree under review: a revision is read with the running checkout's.
Not here: what is inside (``source``), what the operator file builds (``installation``).
"""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stagemail import git
from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError, UsageError
from stagemail.ports import Clock, Source
from stagemail.source.assemble import Checks
from stagemail.source.cache import DiskCache, open_cache
from stagemail.source.cache_folder import default_folder
from stagemail.source.revision_tree import RevisionTree
from stagemail.source.source import TreeSource
from stagemail.source.tree import Tree
from stagemail.source.tree_documents import NOTHING, Beside, Parsed, alone, parsed_until
from stagemail.source.working_tree import WorkingTree
from stagemail.wiring.beside import Telling, beside
from stagemail.wiring.clock import SPEED_VARIABLE, SystemClock, clock_from
from stagemail.wiring.installation import Installation
from stagemail.wiring.operator_reading import read_operator
from stagemail.wiring.places import normal, operator_file, required_operator_file, root_of

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from stagemail.resources.operator import Operator


USUAL: Final = "environments"
"""The folder of the documents where no operator file says otherwise."""


def open_installation(config: str | None, root: Path, state: str | None = None) -> Installation:
    """The installation of a checkout. Raises NotFound, UsageError, InvalidInput with every problem."""
    path = required_operator_file(config, root)
    return Installation(read_operator(path, root), path, clock(), state)


@dataclass(frozen=True, slots=True)
class Begun:
    """What another process reads already (``cli.ahead``), and what was listed and parsed here meanwhile."""

    ended: Callable[[], None]
    tree: WorkingTree | None
    parsed: Parsed


def begun(telling: Telling, root: Path) -> Begun:
    """List and parse files, where nearly all checkouts have them, until the operator file was judged.

    What cannot be read is read again, then, and that says why.
    """
    tree, parsed = None, NOTHING
    cache = open_cache(default_folder(), outside=root)
    with suppress(StagemailError, OSError):
        tree = WorkingTree(root, (USUAL,))
        if isinstance(cache, DiskCache):
            parsed = parsed_until(tree, cache, telling.is_told)
    telling.told()
    return Begun(telling.ended, tree, parsed)


def open_source(root: Path, revision: str | None, installation: Installation, ahead: Begun | None = None) -> Source:
    """The documents of a checkout, as the operator file lays them out: those of the source that is checked out."""
    operator = installation.operator
    if operator.sources:
        elsewhere: Any = import_module("stagemail.wiring.elsewhere")
        operator = elsewhere.within(operator, elsewhere.here(operator, installation.base, root))
    checks = {stage: installation.check(stage) for stage in operator.stages}
    known = ahead.tree if ahead is not None and revision is None else None
    fits = known is not None and known.is_of(root, operator.folders())
    tree = known if known is not None and fits else _tree(root, revision, operator.folders())
    return _source(root, tree, operator, checks, installation.clock, ahead=ahead)


def source_at(repository: git.Repository, revision: str, operator: "Operator", installation: Installation) -> Source:
    """The documents of a revision (a full id) of any repository, for the stages of this operator file."""
    checks = {stage: installation.check(stage) for stage in operator.stages}
    tree = RevisionTree(repository, revision, operator.folders())
    return _source(repository.top or repository.folder, tree, operator, checks, installation.clock)


def uncommitted(installation: Installation) -> tuple[str, ...]:
    """The operator file, and what targets read beside it, as far as they lie in a repository and are not committed."""
    repository = git.discover(installation.base)
    if repository is None or repository.top is None:
        return ()
    top = repository.top.resolve()
    plugins = [installation.plugin(name) for name in installation.operator.targets]
    files = [installation.path, *(file for plugin, settled in plugins for file in plugin.files(settled))]
    inside = sorted(
        {file.resolve().relative_to(top).as_posix() for file in files if file.resolve().is_relative_to(top)}
    )
    return git.status(repository, inside).dirty


def open_documents(config: str | None, path: Path, revision: str | None, ahead: Begun | None = None) -> Source:
    """What ``validate`` looks at: a repository or an environments folder, with its operator file if it has one.

    Raises UsageError for a folder of a repository that is none of its stages'.
    """
    root = root_of(path)
    found = operator_file(config, root)
    named = normal(path)
    below = "" if path == Path() or named == root else named.relative_to(root).as_posix()
    if found is not None:
        installation = Installation(read_operator(found, root), found, clock())
        _refuse_elsewhere(below, installation.operator.folders())
        return open_source(root, revision, installation, ahead)
    base = below or USUAL
    return _source(root, _tree(root, revision, (base,)), None, {}, clock(), base=base)


def _refuse_elsewhere(below: str, folders: Sequence[str]) -> None:
    """A folder beside those of the stages was named by mistake: nothing in it counts."""
    near = (
        folder for folder in folders if f"{folder}/".startswith(f"{below}/") or f"{below}/".startswith(f"{folder}/")
    )
    if below and not any(near):
        raise UsageError(
            f"{below}: none of the folders that belong to stages", hint=f"the operator file names: {', '.join(folders)}"
        )


def clock() -> SystemClock:
    """This machine's clock; faster where a demonstration beside an emulator asks for it."""
    return clock_from(os.environ.get(SPEED_VARIABLE, "1"))


def _tree(root: Path, revision: str | None, folders: Sequence[str]) -> Tree:
    if revision is None:
        return WorkingTree(root, folders)
    return RevisionTree(git.open_repository(root), revision, folders)


def _source(
    root: Path,
    tree: Tree,
    operator: "Operator | None",
    checks: Checks,
    now: Clock,
    *,
    base: str = USUAL,
    ahead: Begun | None = None,
) -> Source:
    cache = open_cache(default_folder(), outside=root)
    today = now.now().date()
    helping = _helping(ahead) if isinstance(cache, DiskCache) else alone
    parsed = ahead.parsed if ahead is not None else NOTHING
    return TreeSource(tree, operator, checks=checks, today=today, cache=cache, base=base, beside=helping, parsed=parsed)


def _helping(ahead: Begun | None) -> Beside:
    """Who helps to parse: whoever began already, once; from then on another process each time."""
    first = [ahead.ended] if ahead is not None else []

    def helping(work: Callable[[], None]) -> AbstractContextManager[Callable[[], None]]:
        return nullcontext(first.pop()) if first else beside(work)

    return helping

"""The Source over any tree: reads what changed, parses it, assembles it, and says what is wrong and where.

Not here: trees (``tree``), what documents mean (``assemble``), the operator file (``operator_file``).
"""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Final

from stagemail.errors import InvalidInput
from stagemail.model.location import Location, Place
from stagemail.model.problem import Problem
from stagemail.model.revision import Commit, Loaded, Revision
from stagemail.source.assemble import Assembler, Checks
from stagemail.source.cache import Cache
from stagemail.source.claims import Layout, layout_of
from stagemail.source.located import located, place_in
from stagemail.source.tree import Tree
from stagemail.source.tree_documents import NOTHING, Beside, Parsed, alone, read_tree

if TYPE_CHECKING:  # pydantic stays off the path that judges documents
    from stagemail.resources.operator import Operator

_KEPT: Final = "nothing is read as “everything was removed”, so nothing was planned or written"


class TreeSource:
    """A Source over one tree at one moment.

    ``operator``: None leaves out the checks that need it (and says so); ``base`` is then the folder of the stages'
    folders. ``checks``: by stage, what its target says. ``today``: for expiry dates. ``cache``: parsed documents.
    ``beside``: another process that helps with many new files. ``parsed``: documents that are not in the cache yet.
    """

    def __init__(
        self,
        tree: Tree,
        operator: "Operator | None",
        *,
        checks: Checks,
        today: date,
        cache: Cache,
        base: str = "environments",
        beside: Beside = alone,
        parsed: Parsed = NOTHING,
    ) -> None:
        self._tree = tree
        self._layout: Layout = layout_of(operator, base)
        self._stores = None if operator is None else frozenset(operator.secret_stores)
        self._checks = checks
        self._today = today
        self._cache = cache
        self._beside = beside
        self._parsed = parsed

    def revision(self) -> Revision:
        """What is being looked at."""
        return self._tree.revision()

    def load(self) -> Loaded:
        """Every stage's desired state and every problem. Raises InvalidInput if nothing at all is readable."""
        assembler = Assembler(self._layout, self._stores, self._checks, self._today)
        read = read_tree(self._tree, self._cache, assembler.add, self._beside, self._parsed)
        files = len(self._tree.entries())
        if not files:
            raise _nothing(self._layout, read.problems)
        for problem in read.problems:
            if problem.severity == "error":
                assembler.add_unreadable(problem.location.path)
        assembly = assembler.result()
        found = [(problem, self._layout.owners(problem.location.path)) for problem in read.problems]
        found = sorted([*found, *located(assembly.findings, self._tree.read)])
        problems = tuple(dict.fromkeys(problem for problem, _ in found))
        if not assembly.documents:
            raise InvalidInput(f"no document of {files} files can be used: {_KEPT}", problems=problems)
        return Loaded(self.revision(), assembly.stages, problems, _blocked(found), files, assembly.documents)

    @property
    def tree(self) -> Tree:
        """The files that it reads."""
        return self._tree

    def locate(self, place: Place) -> Location:
        """The line and column of a place, by composing its file again."""
        return place_in(self._tree.read([place.path]).get(place.path), place)

    def changed_by(self, location: Location) -> Commit | None:
        """Who last changed this line; None outside Git or for an uncommitted line."""
        return self._tree.changed_by(location)


def _nothing(layout: Layout, problems: tuple[Problem, ...]) -> InvalidInput:
    folders = sorted({folder for stage in layout.names() for folder in layout.folders_of(stage)})
    where = ", ".join(folders) or f"the folders below {layout.base or 'the root'}"
    return InvalidInput(
        f"there is no YAML file in {where}: {_KEPT}",
        problems=problems,
        hint="check the path and the branch; elsewhere than in the checkout, name it with --root; to begin, run "
        "`stagemail init`",
    )


def _blocked(found: Iterable[tuple[Problem, tuple[str, ...]]]) -> dict[str, str]:
    """Why each stage must not be acted on: how many errors its documents have, and the first of them."""
    errors: dict[str, dict[Problem, None]] = {}
    for problem, stages in found:
        for stage in stages if problem.severity == "error" else ():
            errors.setdefault(stage, {}).setdefault(problem)
    return {
        stage: f"{len(own)} problem{'s' if len(own) > 1 else ''} in its documents, first {next(iter(own))}"
        for stage, own in sorted(errors.items())
    }

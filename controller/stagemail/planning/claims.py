"""Who claims which app: the selectors of all bindings of a stage, exact ones before patterns.

Not here: turning a claim into a resource (``resolve``).
"""

from collections.abc import Iterable

from stagemail.dataclass import dataclass
from stagemail.model.inventory import App
from stagemail.model.location import Place
from stagemail.model.selector import Selector
from stagemail.model.snapshot import Binding
from stagemail.planning.matching import Matching


@dataclass(frozen=True, slots=True)
class Claim:
    """One selector of one binding. ``owner`` counts the stage's bindings; ``index`` is the selector's place in it."""

    binding: Binding
    owner: int
    selector: Selector
    index: int

    @property
    def place(self) -> Place:
        """Where the selector stands."""
        return self.binding.place.child("spec", "apps", self.index)

    @property
    def how(self) -> str:
        """The claim in words."""
        means = f"pattern {self.selector.text}" if self.selector.is_pattern else "by name"
        return f"binding {self.binding.name}, {means}"


class Claims:
    """All claims of a stage. The order in which bindings and selectors are written decides nothing."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        ordered = sorted(bindings, key=lambda binding: (binding.name, binding.place))
        self.all = tuple(
            Claim(binding, owner, selector, index)
            for owner, binding in enumerate(ordered)
            for index, selector in enumerate(binding.apps)
        )
        self._index = Matching((claim.selector, claim) for claim in self.all)
        self._except = {
            owner: Matching((selector, selector) for selector in binding.excluded)
            for owner, binding in enumerate(ordered)
            if binding.excluded
        }

    def on(self, app: App) -> list[Claim]:
        """The claims that count for this app, the most telling first: the exact ones, else the patterns."""
        return self._allowed(self._index.by_name(app.name, app.key), app) or self.patterns_on(app)

    def patterns_on(self, app: App) -> list[Claim]:
        """The patterns that catch this app, whether or not an exact name beats them."""
        return self._allowed(self._index.by_pattern(app.name, app.key), app)

    def _allowed(self, claims: Iterable[Claim], app: App) -> list[Claim]:
        left = [claim for claim in claims if not self._is_excepted(claim, app)]
        return (
            left
            if len(left) < 2
            else sorted(left, key=lambda claim: (claim.owner, -len(claim.selector.text), claim.selector.text))
        )

    def _is_excepted(self, claim: Claim, app: App) -> bool:
        excepted = self._except.get(claim.owner)
        return excepted is not None and excepted.matches(app.name, app.key)

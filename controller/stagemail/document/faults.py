"""Collects what is wrong in one file, as Problems.

Not here: finding it (``decoding``, ``scalars``, ``syntax``, ``reading``).
"""

from stagemail.dataclass import dataclass
from stagemail.document.limits import MAX_PROBLEMS
from stagemail.model.location import Location
from stagemail.model.problem import Problem


class TooMany(Exception):
    """Enough is enough: reading this file ends here. Never leaves the package."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text wherever it stands; ``guess`` is the value that was probably meant."""

    code: str
    message: str
    remedy: str
    guess: object = None


class Faults:
    """The problems of one file, each place and code once."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._problems: dict[tuple[int, int, str], Problem] = {}

    def __len__(self) -> int:
        return len(self._problems)

    def add(self, line: int, column: int, code: str, message: str, remedy: str) -> None:
        """Note one; ``line`` and ``column`` count from 1, 0 is the whole file. Raises TooMany."""
        if len(self._problems) >= MAX_PROBLEMS:
            self._problems[0, 0, "too-many-problems"] = Problem(
                Location(self._path),
                "too-many-problems",
                f"only the first {MAX_PROBLEMS} problems of this file are shown.",
                "Mend these and run again.",
            )
            raise TooMany
        problem = Problem(Location(self._path, line, column), code, message, remedy)
        self._problems.setdefault((line, column, code), problem)

    def relate(self, related: dict[tuple[int, int, str], Location]) -> None:
        """Add the other place of a problem ("first written here")."""
        for at, other in related.items():
            if (old := self._problems.get(at)) is not None:
                self._problems[at] = Problem(
                    old.location, old.code, old.message, old.remedy, old.severity, (*old.related, other)
                )

    def all(self) -> tuple[Problem, ...]:
        """All of them, in the order of the file."""
        return tuple(sorted(self._problems.values()))

"""Problems of the documents as JSON (``schemas/problems-report.schema.json``).

Not here: text (``problems``) and the forms that other tools read (``annotations``, ``sarif``).
"""

from collections import Counter
from collections.abc import Iterable

from stagemail.dataclass import dataclass
from stagemail.model.problem import Problem
from stagemail.report.envelope import envelope
from stagemail.report.problems import in_order

KIND = "problems-report"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many problems of each severity."""

    error: int
    warning: int
    note: int


def counts_of(problems: Iterable[Problem]) -> Counts:
    """Count problems."""
    found = Counter(problem.severity for problem in problems)
    return Counts(found["error"], found["warning"], found["note"])


def problems_json(problems: Iterable[Problem]) -> str:
    """All problems, sorted, with their counts."""
    ordered = in_order(problems)
    return envelope(KIND, counts=counts_of(ordered), problems=ordered)

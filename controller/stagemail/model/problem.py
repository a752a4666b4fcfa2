"""What is wrong in the documents, as data. Validation collects every problem and reports once.

Not here: rendering (``report``) and deciding the exit code (``cli``).
"""

from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model.location import Location

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: where, a stable code, what, and what to write instead.

    ``code`` is lower-kebab (``duplicate-key``), stable over releases and a SARIF rule id.
    ``related`` names the other places that take part ("first claimed here").
    """

    location: Location
    code: str
    message: str
    remedy: str = ""
    severity: Severity = "error"
    related: tuple[Location, ...] = ()

    def __str__(self) -> str:
        text = f"{self.location}: {self.message}"
        return f"{text} {self.remedy}" if self.remedy else text

"""One call to ODC: what is asked, of whom, and what a person must grant for it. Not here: sending it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PORTFOLIOS: Final = "portfolios"
CONFIGURATIONS: Final = "asset-configurations"
DEPLOYMENTS: Final = "deployments"

PREFIXES: Final[Mapping[str, str]] = {
    PORTFOLIOS: "/api/portfolios/v2",
    CONFIGURATIONS: "/api/asset-configurations/v1",
    DEPLOYMENTS: "/api/deployments/v1",
}
"""The base path of each API domain (ODC docs); rate limits count per domain."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call in ODC's terms and in a person's.

    ``doing`` completes "the API client may not …"; ``subject`` is the stage or app it is about; ``permission`` is what
    ODC's Portal calls the right that it takes. ``withheld`` are texts that no error may repeat.
    """

    domain: str
    method: str
    path: str
    doing: str
    subject: str
    permission: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    withheld: tuple[str, ...] = field(default=(), repr=False)

    @property
    def url(self) -> str:
        """Path below the organization's host."""
        return PREFIXES[self.domain] + self.path

    @property
    def writes(self) -> bool:
        """Whether sending it twice may do something twice."""
        return self.method != "GET"

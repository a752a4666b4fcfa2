"""A waiver accepts one hazard, for exactly one value. Its expiry is reported and never acts by itself."""

from stagemail.dataclass import dataclass
from stagemail.model.location import Place
from stagemail.model.selector import Selector


@dataclass(frozen=True, slots=True)
class Waiver:
    """``apps`` empty: the stage itself; ``to``: the value as the held step prints it; ``expires``: an ISO date."""

    name: str
    allow: str
    to: str
    reason: str
    apps: tuple[Selector, ...] = ()
    expires: str = ""
    place: Place | None = None

"""What the operator file says about when a stage may be written: windows, soak, approval, canary, the global stop.

Not here: judging (``planning.windows``, ``reconcile.gates``).
"""

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from stagemail.model import gate as model
from stagemail.resources.duration import Seconds
from stagemail.resources.shape import Shape, Unique, rule

_FILE: Final = "stagemail design: the operator file"
TIME_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Time = Annotated[str, StringConstraints(pattern=TIME_PATTERN)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f"no time zone is called `{name}`: write one as in Europe/Berlin") from None
    return name


Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$"), AfterValidator(_zone)]


class Window(Shape):
    """A time of the week in which a stage may be written."""

    days: Annotated[list[Day], Field(min_length=1, max_length=7), Unique()] = rule(
        "The days on which it opens.", example=["mon", "tue"], source=_FILE, default=list(model.DAYS)
    )
    begin: Time = rule("When it opens, in quotes.", example="09:00", source=_FILE)
    end: Time = rule("When it closes, in quotes; not after the begin: on the next day.", example="16:00", source=_FILE)
    zone: Zone = rule("The time zone, by its name.", example="Europe/Berlin", source="IANA time zone database")


class Windows(Shape):
    """When a stage may be written. Narrowing recipients and renewing a credential wait for no window."""

    sync: Annotated[list[Window], Field(max_length=50)] = rule(
        "When what changed in Git may be written. Left out: at any time.",
        example=[{"days": ["tue"], "begin": "09:00", "end": "16:00", "zone": "Europe/Berlin"}],
        source=_FILE,
        default=[],
    )
    heal: Annotated[list[Window], Field(max_length=50)] = rule(
        "When drift may be healed. Left out: at any time.",
        example=[{"begin": "06:00", "end": "22:00", "zone": "Europe/Berlin"}],
        source=_FILE,
        default=[],
    )


class Canary(Shape):
    """A few apps first, and the rest after a while."""

    apps: Annotated[int, Field(ge=1, le=1000)] = rule(
        "How many apps come first, in the order of their names.", example=1, source=_FILE
    )
    soak: Seconds = rule("How long they must be live before the rest.", example="10m", source=_FILE)


class Stop(Shape):
    """Stops every write to every platform, also those of a person's `apply`."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)] = rule(
        "Why; everybody who asks is told.", example="the mail provider is down", source=_FILE
    )

"""Durations as people write them: ``90s``, ``10m``, ``1h30m``, ``2d``; seconds in the model."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

DURATION_PATTERN: Final = r"^(0s|([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?)$"
_SECONDS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def seconds_of(text: Any) -> Any:
    """The seconds of a duration such as ``1h30m``. Raises ValueError."""
    if not isinstance(text, str) or not text or not re.fullmatch(DURATION_PATTERN[1:-1], text):
        raise ValueError("write a duration as in 0s, 90s, 10m, 1h30m or 2d")
    return sum(int(count) * _SECONDS[unit] for count, unit in re.findall(r"([0-9]+)([dhms])", text))


Seconds = Annotated[
    int,
    BeforeValidator(seconds_of),
    WithJsonSchema({"type": "string", "minLength": 2, "maxLength": 24, "pattern": DURATION_PATTERN}),
]
"""A duration as people write it; seconds in the model."""


def _lasting(seconds: int) -> int:
    if not seconds:
        raise ValueError("it would be over at once: write a duration of at least a second, as in 5s or 10m")
    return seconds


LASTING_PATTERN: Final = r"^(?=.*[1-9])([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$"
LastingSeconds = Annotated[
    int,
    AfterValidator(_lasting),
    BeforeValidator(seconds_of),
    WithJsonSchema({"type": "string", "minLength": 2, "maxLength": 24, "pattern": LASTING_PATTERN}),
]
"""A duration of at least one second."""

"""Whether now is inside a stage's windows, in the zone that each is written in; summer time included.

Pure: the time is an argument. Not here: what a closed window holds (``hazards.outside_window``).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from stagemail.model.gate import DAYS, Window

_AHEAD: Final = 8
"""Days that are looked at for the next opening: each window opens at least once a week."""

_MINUTE: Final = timedelta(minutes=1)


def is_open(windows: Sequence[Window], now: datetime) -> bool:
    """Whether one of them is open; always where there is none."""
    return not windows or any(_is_open(window, now) for window in windows)


def opens_in(windows: Sequence[Window], now: datetime) -> float:
    """Seconds until one of them opens; 0 where one is open."""
    if is_open(windows, now):
        return 0.0
    ahead = [begin for window in windows for begin, _ in _times(window, now) if begin > now]
    return (min(ahead) - now).total_seconds() if ahead else 0.0


def text(windows: Sequence[Window]) -> str:
    """The windows as people write them: ``mon-thu 09:00-16:00 Europe/Berlin``."""
    return ", ".join(_text(window) for window in windows)


def _is_open(window: Window, now: datetime) -> bool:
    return any(begin <= now < end for begin, end in _times(window, now))


def _times(window: Window, now: datetime) -> list[tuple[datetime, datetime]]:
    """When it opens and closes around now, in UTC. A time that a change of the clock leaves out is that change."""
    zone = ZoneInfo(window.zone)
    today = now.astimezone(zone).date()
    length = window.end - window.begin + (0 if window.end > window.begin else 1440)
    found = []
    for ahead in range(-2, _AHEAD):
        day = today + timedelta(days=ahead)
        if day.weekday() in window.days:
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            begin = midnight + timedelta(minutes=window.begin)  # of the wall clock, also where that is changed
            end = midnight + timedelta(minutes=window.begin + length)
            found.append((_moment(begin), _moment(end)))
    return found


def _moment(wall: datetime) -> datetime:
    """A time of the wall clock in UTC; of two that it shows twice the first."""
    late, early = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if early >= late:  # there is such a time
        return late
    offset = early.astimezone(wall.tzinfo).utcoffset()
    while late - early > _MINUTE:
        middle = early + (late - early) // 2
        early, late = (middle, late) if middle.astimezone(wall.tzinfo).utcoffset() == offset else (early, middle)
    return late.replace(second=0, microsecond=0)


def _text(window: Window) -> str:
    return f"{_days(window.days)} {_clock(window.begin)}-{_clock(window.end)} {window.zone}"


def _days(days: Sequence[int]) -> str:
    ordered = sorted(days)
    if len(ordered) == len(DAYS):
        return "daily"
    is_row = len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1))
    return f"{DAYS[ordered[0]]}-{DAYS[ordered[-1]]}" if is_row else ",".join(DAYS[day] for day in ordered)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"

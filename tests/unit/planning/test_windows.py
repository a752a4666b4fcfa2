"""Windows by the clock on the wall of their zone: over midnight, over the change to summer time, next opening."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.model.gate import Window
from stagemail.planning.windows import is_open, opens_in, text

BERLIN = "Europe/Berlin"
OFFICE = Window((0, 1, 2, 3), 9 * 60, 16 * 60, BERLIN)
NIGHT = Window((4,), 22 * 60, 6 * 60, BERLIN)

EARLY = Window((6,), 2 * 60 + 30, 3 * 60 + 30, BERLIN)


def at(when: str) -> datetime:
    return datetime.fromisoformat(when).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "when", "expected"),
    [
        (OFFICE, "2026-11-26T08:00", True),  # Thursday 09:00 in Berlin
        (OFFICE, "2026-11-26T07:59", False),
        (OFFICE, "2026-11-26T14:59", True),
        (OFFICE, "2026-11-26T15:00", False),
        (OFFICE, "2026-11-27T09:00", False),  # Friday
        (OFFICE, "2026-07-23T07:00", True),  # Thursday 09:00 in summer
        (NIGHT, "2026-11-27T21:00", True),  # Friday 22:00
        (NIGHT, "2026-11-28T04:59", True),  # Saturday 05:59
        (NIGHT, "2026-11-28T05:00", False),
        (NIGHT, "2026-11-28T21:30", False),  # Saturday 22:30
        (EARLY, "2026-03-22T01:30", True),  # Sunday 02:30
        (EARLY, "2026-03-29T00:59", False),  # Sunday 01:59, a minute before the clock goes to 03:00
        (EARLY, "2026-03-29T01:00", True),  # Sunday 03:00: 02:30 is not there on that day
        (EARLY, "2026-03-29T01:30", False),  # Sunday 03:30
        (EARLY, "2026-10-25T00:30", True),  # Sunday 02:30, the first of two
    ],
)
def test_a_window_is_open_by_the_wall_clock_of_its_zone(window: Window, when: str, expected: object) -> None:
    assert is_open([window], at(when)) is expected


def test_no_window_is_always_open_and_one_of_several_is_enough() -> None:
    assert is_open([], at("2026-11-29T03:00"))
    assert is_open([OFFICE, NIGHT], at("2026-11-27T23:00"))
    assert not is_open([OFFICE, NIGHT], at("2026-11-29T03:00"))


@pytest.mark.parametrize(
    ("when", "expected"),
    [("2026-11-26T08:00", 0.0), ("2026-11-26T07:30", 1800.0), ("2026-11-26T15:00", (3 * 24 + 17) * 3600.0)],
)
def test_the_next_opening_is_told(when: str, expected: float) -> None:
    assert opens_in([OFFICE], at(when)) == expected


@given(
    st.lists(st.integers(0, 6), min_size=1, unique=True),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - the zone is put on below
)
def test_what_is_closed_opens_when_it_says(days: list[int], begin: int, end: int, zone: str, when: datetime) -> None:
    window, now = Window(tuple(sorted(days)), begin, end, zone), when.replace(tzinfo=UTC)
    seconds = opens_in([window], now)
    assert is_open([window], now) is (seconds == 0.0)
    assert is_open([window], now + timedelta(seconds=seconds))
    assert seconds <= 8 * 86400


def test_windows_are_told_as_people_write_them() -> None:
    daily = Window(tuple(range(7)), 0, 90, "UTC")
    written = "mon-thu 09:00-16:00 Europe/Berlin, fri 22:00-06:00 Europe/Berlin, daily 00:00-01:30 UTC"
    assert text([OFFICE, NIGHT, daily]) == written
    assert text([Window((0, 4), 60, 120, "UTC")]) == "mon,fri 01:00-02:00 UTC"

"""One time for all processes of a demonstration, and the machine's own otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from stagemail.errors import UsageError
from stagemail.wiring.clock import clock_from


def test_without_a_speed_it_is_the_machines_time() -> None:
    assert abs(clock_from("1").now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_fast_clock_counts_from_the_given_moment() -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    clock = clock_from(f"60@{since.isoformat()}")
    assert timedelta(minutes=60) <= clock.now() - since < timedelta(minutes=70)


def test_sleeping_is_as_much_faster() -> None:
    clock = clock_from("1000")
    before = clock.monotonic()
    clock.sleep(20)
    assert clock.monotonic() - before >= 20


@pytest.mark.parametrize("text", ["0", "fast", "1001", "nan", "60@noon", "60@2026-11-22T10:00:00"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="STAGEMAIL_CLOCK_SPEED"):
        clock_from(text)

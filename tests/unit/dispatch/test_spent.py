"""Limits that several processes share: no window of any length has more than it may."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.dispatch.spent import SharedSpent

HOUR = 3_600_000


@pytest.fixture
def processes(database: str) -> Iterator[list[JobsDatabase]]:
    with ExitStack() as stack:
        made = [JobsDatabase(database) for _ in range(3)]
        for one in made:
            stack.callback(one.close)
        yield made


def test_places_that_one_process_took_are_taken_for_all(processes: list[JobsDatabase]) -> None:
    first, second, third = (SharedSpent(one) for one in processes)
    assert [first.take("acme/portfolios", 3, HOUR) for _ in range(2)] == [0, 0]
    assert second.take("acme/portfolios", 3, HOUR) == 0
    assert 0 < third.take("acme/portfolios", 3, HOUR) <= HOUR
    assert third.take("other/portfolios", 3, HOUR) == 0, "another organization has limits of its own"
    assert (first.used("acme/portfolios", 3, HOUR), first.used("nobody", 3, HOUR)) == (3, 0)


def test_many_who_ask_at_the_same_time_get_exactly_what_there_is(processes: list[JobsDatabase]) -> None:
    with ThreadPoolExecutor(9) as threads:
        got = list(threads.map(lambda n: SharedSpent(processes[n % 3]).take("acme", 20, HOUR), range(60)))
    assert sum(wait == 0 for wait in got) == 20


def test_a_place_is_free_again_when_its_window_is_over_and_not_before(processes: list[JobsDatabase]) -> None:
    database = processes[0]
    spent = SharedSpent(database, speed=1000.0)
    window = 1000 * HOUR  # an hour of the database's
    assert spent.take("acme", 1, window) == 0
    first = spent.take("acme", 1, window)
    assert 0 < first <= window
    time.sleep(0.01)
    left = spent.take("acme", 1, window)
    assert 0 < left <= first - 10_000, "so many of our milliseconds are a thousandth of the database's"
    passed = "UPDATE spent SET at = ARRAY(SELECT t - %(span)s FROM unnest(at) t)"
    database.rows(passed, {"span": left // 2})
    assert 0 < spent.take("acme", 1, window) <= left - left // 2, "half of it is over"
    database.rows(passed, {"span": left - left // 2})
    assert spent.take("acme", 1, window) == 0

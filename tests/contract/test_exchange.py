"""What every exchange between controllers and workers does."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from stagemail.dispatch.exchange import PostgresExchange
from stagemail.dispatch.in_process_exchange import InProcessExchange
from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.model.news import Exchange, News
from stagemail.model.verdict import Verdict

GOOD = Verdict("a" * 40, "a" * 40)
HELD = Verdict("a" * 40, "b" * 40, "HistoryRewritten", "the branch was force-pushed", "look at it")


@pytest.fixture(params=["in-process", "postgresql"])
def exchange(request: pytest.FixtureRequest) -> Iterator[Exchange]:
    if request.param == "in-process":
        yield InProcessExchange()
        return
    with closing(JobsDatabase(request.getfixturevalue("database"))) as database:
        yield PostgresExchange(database)


def test_the_newest_verdict_of_each_source_is_kept(exchange: Exchange) -> None:
    assert exchange.verdict("shop") is None
    exchange.put("shop", GOOD)
    exchange.put("shop", HELD)
    exchange.put("source", GOOD)
    assert (exchange.verdict("shop"), exchange.verdict("source")) == (HELD, GOOD)


def test_news_is_taken_once_and_in_order(exchange: Exchange) -> None:
    told = [News("look", "shop"), News("passed", "qa", 1.5, failed=True, again=3.0, at_least=60.0, changed=True)]
    for news in told:
        exchange.tell(news)
    assert exchange.take() == tuple(told)
    assert exchange.take() == ()

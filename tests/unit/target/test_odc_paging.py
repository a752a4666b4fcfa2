"""Listings that lose something are refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from stagemail.errors import IncompleteListing, Unreachable
from stagemail.target.odc.paging import everything, pages
from stagemail.target.odc.payloads import Message, Portfolio


class Pages:
    """Gives scripted pages in order."""

    def __init__(self, *documents: Any) -> None:
        self.documents = list(documents)
        self.asked: list[Mapping[str, str | int]] = []

    def __call__(self, query: Mapping[str, str | int]) -> Any:
        self.asked.append(dict(query))
        return self.documents[min(len(self.asked), len(self.documents)) - 1]


def page(*keys: str, following: int | str | None = None, **info: Any) -> dict[str, Any]:
    return {"page": {"nextPageOffset": following, **info}, "results": [{"key": key} for key in keys]}


def listed(*documents: Any) -> list[str]:
    return [item.key for item in everything(Pages(*documents), Portfolio, "portfolios", lambda item: item.key)]


def test_pages_are_read_until_there_is_no_next_one() -> None:
    fetch = Pages(page("a", "b", following=2, totalResults=3), page("c", totalResults=3))
    assert [item.key for item in everything(fetch, Portfolio, "portfolios", lambda item: item.key)] == ["a", "b", "c"]
    assert fetch.asked == [{"limit": 100}, {"limit": 100, "offset": 2}]


def test_totals_may_be_missing() -> None:
    assert listed(page("a", following=1), page()) == ["a"]


def test_an_offset_may_be_text() -> None:
    messages = [{"page": {"nextPageOffset": "x1"}, "results": [{"message": "m"}]}, {"page": None, "results": []}]
    assert [len(each) for each in pages(Pages(*messages), Message, "messages")] == [1, 0]


@pytest.mark.parametrize(
    "documents",
    [
        [page("a", totalResults=2)],
        [page("a", "b", totalResults=1)],
        [page("a", following=0)],
        [page("a", following=1), page("b", following=1)],
        [page("a", following=2), page("b", following=1), page("c", following=2)],
        [page("a", following=1), page("a")],
        [page("a", count=2)],
    ],
    ids=["short", "more than its total", "same offset", "no advance", "in circles", "twice", "short page"],
)
def test_a_listing_that_may_have_lost_something_is_refused(documents: list[Any]) -> None:
    with pytest.raises(IncompleteListing, match="portfolios"):
        listed(*documents)


@pytest.mark.parametrize("document", [None, [], {}, {"results": None}, {"results": [{"key": 7}]}, {"results": ["a"]}])
def test_an_answer_of_another_shape_is_no_listing(document: Any) -> None:
    with pytest.raises(Unreachable, match="portfolios"):
        listed(document)


def test_a_caller_may_stop_early() -> None:
    fetch = Pages(page("a", following=1), page("b"))
    assert next(pages(fetch, Portfolio, "portfolios"))[0].key == "a"
    assert len(fetch.asked) == 1

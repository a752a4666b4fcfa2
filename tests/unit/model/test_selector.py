"""Which apps a selector means."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.model.selector import Selector


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CRM", "CRM"),
        ("key-1", "CRM"),
        ("Portal*", "Portal"),
        ("*", "CRM"),
        ("C?M", "CRM"),
        ("*R*", "CRM"),
        ("C**M", "CRM"),
    ],
)
def test_a_selector_means_an_app_by_name_by_key_or_by_pattern(text: str, name: str) -> None:
    assert Selector(text).matches(name, "key-1")


@pytest.mark.parametrize("text", ["crm", "CR", "C?", "?", "CRM?", "C.M", "[C]RM", "*crm", "key-*", ""])
def test_a_selector_means_nothing_else(text: str) -> None:
    """Case counts, only * and ? are special, and a pattern is for names."""
    assert not Selector(text).matches("CRM", "key-1")


def test_only_a_star_or_a_question_mark_makes_a_pattern() -> None:
    assert [Selector(text).is_pattern for text in ("CRM", "C*", "C?M", "C.M", "[CRM]")] == [
        False,
        True,
        True,
        False,
        False,
    ]


@given(st.text(alphabet="ab*?", min_size=1, max_size=8), st.text(alphabet="ab\n", max_size=8))
def test_a_pattern_means_what_trying_every_way_would_find(pattern: str, name: str) -> None:
    every_way = "".join({"*": ".*", "?": "."}.get(char, char) for char in pattern)
    wanted = re.fullmatch(every_way, name, re.DOTALL) is not None
    found = Selector(pattern).matches(name, "")
    assert found == (wanted if Selector(pattern).is_pattern else pattern in (name, ""))


def test_a_pattern_full_of_stars_is_answered_at_once() -> None:
    """Trying every way would take longer than anybody lives."""
    assert not Selector("*" + "a*" * 60 + "b").matches("a" * 128, "")

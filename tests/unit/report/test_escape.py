"""Nothing that is shown can act on a terminal or hide from the reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.report.escape import is_hidden, visible


@given(st.text(st.characters(codec=None)))
def test_what_is_shown_has_no_hidden_character(text: str) -> None:
    assert not any(map(is_hidden, visible(text)))


@given(st.text(st.characters(codec=None)))
def test_showing_twice_changes_nothing_more(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x9b\x7f\x00", "\\x9b\\x7f\\x00"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("a\u2028b", "a\\u2028b"),
        ("a\xa0b", "a\\xa0b"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_a_hidden_character_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["", "Müller <m@bücher.example>", "東京", "25 → 587", "a\\b", "é"])
def test_what_people_read_stays_as_it_is(text: str) -> None:
    assert visible(text) == text

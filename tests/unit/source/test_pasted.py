"""One look over a whole document finds every one in which a credential was pasted."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stagemail.model.location import Place
from stagemail.source import pasted

PASTED = st.from_regex(pasted._PASTED)
TEXTS = st.text(max_size=20) | PASTED
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.dates() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
AT = Place("environments/qa/a.yaml")


@given(VALUES)
def test_the_quick_look_misses_nothing(value: Any) -> None:
    assert list(pasted.in_document(value, AT)) == list(pasted._in(value, AT))


@given(st.text(max_size=5), PASTED, st.text(max_size=5))
def test_a_credential_shows_wherever_it_stands(before: str, token: str, after: str) -> None:
    text = f"{before}\n{token}\n{after}"
    assert list(pasted.in_document({"a": [text]}, AT))
    assert list(pasted.in_document({text: 1}, AT))

"""The index of selectors finds exactly what asking each selector would find."""

from hypothesis import given
from hypothesis import strategies as st

from stagemail.model.selector import Selector
from stagemail.planning.matching import Matching

TEXT = st.text(alphabet="ab*?", min_size=1, max_size=6)
NAME = st.text(alphabet="ab", min_size=1, max_size=6)


@given(st.lists(TEXT, max_size=12), NAME, NAME)
def test_the_index_agrees_with_asking_every_selector(texts: list[str], name: str, key: str) -> None:
    selectors = [Selector(text) for text in texts]
    index = Matching((selector, number) for number, selector in enumerate(selectors))
    found = sorted(index.by_name(name, key) + index.by_pattern(name, key))
    assert found == [number for number, selector in enumerate(selectors) if selector.matches(name, key)]
    assert index.matches(name, key) == bool(found)

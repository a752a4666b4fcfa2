"""Laws of reading: what YAML tools write is read back equal, and no bytes at all make it raise."""

from datetime import date, datetime
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stagemail.document import confusable, locate_all, read
from stagemail.document.characters import FORBIDDEN_IN_TEXT
from stagemail.document.parser import NewParser, PythonParser
from stagemail.document.scalars import plain
from stagemail.document.writing import write
from stagemail.model.location import Place

_TEXT = st.text(st.characters(codec="utf-8"), max_size=40).filter(lambda t: not FORBIDDEN_IN_TEXT.search(t))
_KEYS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 -_.:<=~#'\"", max_size=20)
_INTEGERS = st.integers(min_value=1 - 10**18, max_value=10**18 - 1)
_DATES = st.dates(min_value=date(1000, 1, 1))
_LEAVES = st.none() | st.booleans() | _INTEGERS | _DATES | _TEXT
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=25
)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Text that only YAML 1.2 tools take for a number (``1e3``, ``089``) is written plain by PyYAML, refused by us."""
    style = '"' if not isinstance(plain(text), str) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


@given(_VALUES)
def test_what_a_yaml_tool_writes_is_read_back_equal(value: Any) -> None:
    written = yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True)
    documents, problems = read(written.encode(), "f.yaml")
    assert problems == ()
    assert [document.value for document in documents] == [value]


@given(_VALUES)
@example(["1e3", "6E5835", "09", "0o17", "y", "N", "-", "", "~", {"1e3": "on"}])
def test_what_we_write_ourselves_is_read_back_equal(value: Any) -> None:
    documents, problems = read(write(value).encode(), "f.yaml")
    assert problems == ()
    assert [document.value for document in documents] == [value]


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text("abc:-[]{}&*!|>'\"%@#,?\n\t 01~", max_size=60).map(str.encode))
def test_no_bytes_make_reading_or_locating_raise(data: bytes) -> None:
    documents, problems = read(data, "f.yaml")
    for problem in problems:
        assert problem.location.line <= data.count(b"\n") + data.count(b"\r") + 1
    found = locate_all(data, [Place("f.yaml", d.index, ("a",)) for d in documents])
    assert all(place.path == "f.yaml" for place in found.values())


@settings(max_examples=200)
@given(st.text("ab:-[]{}&*!|>'\"#,?\n 01~", max_size=40))
def test_both_parsers_read_the_same(text: str) -> None:
    fast, problems = read(text.encode(), "f.yaml")
    slow, others = read(text.encode(), "f.yaml", new_parser=PythonParser)
    if not problems and not others:
        assert fast == slow


def _meaning(text: str, loader: Any) -> object:
    try:
        return yaml.load(text, loader)
    except (yaml.YAMLError, ValueError, OverflowError):
        return None


@pytest.mark.skipif(NewParser is PythonParser, reason="libyaml is not installed")
@settings(max_examples=500)
@given(st.text("0123456789+-_.:eExobnaAIiNfFyYTtZsu~=<>/ ", min_size=1, max_size=12))
def test_no_plain_text_that_yaml_1_1_reads_as_something_else_passes_as_text(text: str) -> None:
    documents, problems = read(b"a: " + text.encode(), "f.yaml")
    if problems or not documents or not isinstance(documents[0].value, dict):
        return
    ours = documents[0].value.get("a")
    theirs = _meaning(f"a: {text}", yaml.CSafeLoader)
    assert isinstance(theirs, dict)
    assert (type(ours), ours) == (type(theirs["a"]), theirs["a"])
    assert not isinstance(ours, (float, datetime))


@given(_TEXT)
def test_ascii_names_are_never_confusable(text: str) -> None:
    assert confusable(text.encode("ascii", "ignore").decode()) is None

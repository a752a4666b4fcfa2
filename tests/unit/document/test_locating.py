"""Places become lines and columns."""

from pathlib import Path

import pytest

from stagemail.document import locate, locate_all, read
from stagemail.model.location import Location, Place

DATA = b"""\
# a comment
spec:
  server: {host: a, port: 25}
  apps:
    - name: CRM
      to: a@example.com
    - Billing
    - [x, [y]]
  "quoted key": 1
---
second: "\xc3\xa4", \xc3\xa4
third:
  deep: 1
"""
DATA = DATA.replace(b'"\xc3\xa4", \xc3\xa4', b'{"\xc3\xa4\xc3\xa4": 1, b: 2}')


@pytest.mark.parametrize(
    ("document", "pointer", "line", "column"),
    [
        (0, (), 2, 1),
        (0, ("spec",), 2, 1),
        (0, ("spec", "server"), 3, 3),
        (0, ("spec", "server", "port"), 3, 21),
        (0, ("spec", "apps"), 4, 3),
        (0, ("spec", "apps", "0"), 5, 7),
        (0, ("spec", "apps", "0", "to"), 6, 7),
        (0, ("spec", "apps", "1"), 7, 7),
        (0, ("spec", "apps", "2", "1", "0"), 8, 12),
        (0, ("spec", "quoted key"), 9, 3),
        (1, ("second", "b"), 11, 19),
        (1, ("third", "deep"), 13, 3),
    ],
)
def test_a_place_is_where_its_key_or_item_begins(
    document: int, pointer: tuple[str, ...], line: int, column: int
) -> None:
    assert locate(DATA, Place("f.yaml", document, pointer)) == Location("f.yaml", line, column)


def test_a_place_that_is_missing_gives_its_nearest_parent() -> None:
    assert locate(DATA, Place("f.yaml", 0, ("spec", "server", "security"))) == Location("f.yaml", 3, 3)
    assert locate(DATA, Place("f.yaml", 0, ("spec", "apps", "9", "to"))) == Location("f.yaml", 4, 3)
    assert locate(DATA, Place("f.yaml", 1, ("nothing",))) == Location("f.yaml", 11, 1)
    assert locate(DATA, Place("f.yaml", 7, ("nothing",))) == Location("f.yaml")


def test_a_document_behind_a_broken_one_is_found_under_the_index_that_reading_gave_it() -> None:
    data = b"a: b: c\n---\nok: 1\n---\n[\n---\nlast: 1\n"
    documents, _ = read(data, "f.yaml")
    assert [(d.index, d.value) for d in documents] == [(1, {"ok": 1}), (3, {"last": 1})]
    assert locate(data, Place("f.yaml", 1, ("ok",))).line == 3
    assert locate(data, Place("f.yaml", 3, ("last",))).line == 7


def test_many_places_of_one_file_are_found_in_one_go() -> None:
    places = [Place("f.yaml", 0, ("spec",)), Place("f.yaml", 1, ("third",))]
    assert locate_all(DATA, places) == {places[0]: Location("f.yaml", 2, 1), places[1]: Location("f.yaml", 12, 1)}


def test_a_duplicate_key_names_where_it_was_first_written() -> None:
    _, problems = read(b"x:\n- {a: 1}\n- b: 1\n  c: 2\n  b: 3\n", "f.yaml")
    assert [(p.location, p.related) for p in problems] == [(Location("f.yaml", 5, 3), (Location("f.yaml", 3, 3),))]


def test_every_node_of_the_sample_is_found_on_a_line_that_holds_its_key() -> None:
    data = (Path(__file__).parents[2] / "examples/yaml/valid/everything.yaml").read_bytes()
    documents, _ = read(data, "f.yaml")
    lines = data.decode().split("\n")
    for key in documents[0].value:
        at = locate(data, Place("f.yaml", 0, (key,)))
        assert lines[at.line - 1][at.column - 1 :].lstrip('"').startswith(key)

"""Reading one file: bytes that are no text, characters that cannot be seen, and what is still read beside a problem."""

from datetime import date

import pytest

from stagemail.document import confusable, forbidden_character, read
from stagemail.model.location import Location


def _found(data: bytes) -> list[tuple[int, int, str]]:
    return [(p.location.line, p.location.column, p.code) for p in read(data, "f.yaml")[1]]


def test_plain_scalars_are_integers_booleans_nothing_dates_and_text() -> None:
    data = b"a: 587\nb: true\nc: ~\nd: 2026-12-31\ne: Portal*\nf: '12'\ng: [x, -3]\n---\n- 1\n"
    documents, problems = read(data, "f.yaml")
    assert problems == ()
    assert [d.value for d in documents] == [
        {"a": 587, "b": True, "c": None, "d": date(2026, 12, 31), "e": "Portal*", "f": "12", "g": ["x", -3]},
        [1],
    ]
    assert [(d.path, d.index, d.sound) for d in documents] == [("f.yaml", 0, True), ("f.yaml", 1, True)]


def test_an_empty_file_has_no_documents_and_no_problems() -> None:
    assert read(b"", "f.yaml") == ((), ())
    assert read(b"# only a comment\n", "f.yaml") == ((), ())


def test_windows_line_ends_are_fine() -> None:
    documents, problems = read(b"a: 1\r\nb: |\r\n  x\r\n", "f.yaml")
    assert (documents[0].value, problems) == ({"a": 1, "b": "x\n"}, ())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbfa: 1\n", [(1, 1, "byte-order-mark")]),
        ("a: 1\n".encode("utf-16"), [(1, 1, "not-utf-8")]),
        ("a: 1\n".encode("utf-32"), [(1, 1, "not-utf-8")]),
        (b"a: 1\nb: \xc3\xa4\xff\n", [(2, 5, "not-utf-8")]),
        ("name: Zoë\n".encode("latin-1"), [(1, 9, "not-utf-8")]),
        (b"a: x\0y\nb: \x1b[31m\n", [(1, 5, "control-character"), (2, 4, "control-character")]),
        ("a: x\u2028y\nb: \u200dz\n".encode(), [(1, 5, "control-character"), (2, 4, "invisible-character")]),
        ("# \u202e comment\na: 1\n".encode(), [(1, 3, "invisible-character")]),
        (b"a: 1 # x\ry\n", [(1, 9, "control-character")]),
    ],
)
def test_bytes_that_are_no_clean_text_are_refused_where_they_stand(
    data: bytes, expected: list[tuple[int, int, str]]
) -> None:
    assert _found(data) == expected


def test_the_message_for_a_byte_order_mark_says_how_to_save() -> None:
    assert "UTF-8 without BOM" in str(read(b"\xef\xbb\xbfa: 1\n", "f.yaml")[1][0])


def test_all_problems_of_a_file_are_reported_in_one_go_in_its_order() -> None:
    data = b"a: on\nb: \xe2\x80\x8bx\nc: 0465\nc: 1\n---\nd: e: f\n---\n? [x]\n: 12:30\n"
    assert _found(data) == [
        (1, 4, "yaml-1.1-boolean"),
        (2, 4, "invisible-character"),
        (3, 4, "yaml-1.1-octal"),
        (4, 1, "duplicate-key"),
        (6, 5, "syntax"),
        (8, 3, "key-not-text"),
        (9, 3, "yaml-1.1-sexagesimal"),
    ]


def test_a_document_with_problems_gives_what_was_probably_meant_and_is_not_sound() -> None:
    documents, _ = read(b"enabled: yes\nport: 0587\nat: 587.0\n---\nfine: 1\n", "f.yaml")
    assert [(d.value, d.sound) for d in documents] == [
        ({"enabled": True, "port": 587, "at": 587}, False),
        ({"fine": 1}, True),
    ]


def test_a_problem_of_the_file_leaves_no_document_sound() -> None:
    documents, _ = read(b"\xef\xbb\xbfa: 1\n---\nb: 1\n", "f.yaml")
    assert [d.sound for d in documents] == [False, False]


def test_documents_with_aliases_or_merge_keys_are_not_given_at_all() -> None:
    documents, _ = read(b"a: &x 1\nb: *x\n---\nc: {<<: {d: 1}}\n---\n[a]: b\n---\nok: 1\n", "f.yaml")
    assert [(d.index, d.value) for d in documents] == [(3, {"ok": 1})]


def test_an_alias_as_key_and_as_item_is_a_problem_and_no_crash() -> None:
    assert [code for *_, code in _found(b"a: &x 1\n*x : 2\nc: [*x]\n")] == ["anchor", "alias", "alias"]


def test_problems_name_the_path_that_was_given() -> None:
    assert read(b"a: yes", "environments/qa/a.yaml")[1][0].location == Location("environments/qa/a.yaml", 1, 4)


@pytest.mark.parametrize("name", ["CRM", "Zoë", "Größe 1", "顧客管理App", "портал", "Πύλη", "مخزن", "App µ"])
def test_names_in_one_script_are_not_confusable(name: str) -> None:
    assert confusable(name) is None


@pytest.mark.parametrize("name", ["CRМ", "pаypal", "Βilling", "ＣＲＭ", "𝐂𝐑𝐌", "CRM\ufe0f"])
def test_names_of_look_alike_letters_are_confusable(name: str) -> None:
    assert "U+" in (confusable(name) or "")


def test_invisible_characters_of_a_name_are_found() -> None:
    assert forbidden_character("CRM\u200b") == "\u200b"
    assert forbidden_character("Größe") is None


@pytest.mark.parametrize(
    "data", [b"--- @x\n---\nb: 1\n", b"[\n--- @x\n---\nb: 1\n", b"---\n---\n--- @x\n--- @y\n---\nb: 1"]
)
def test_reading_goes_on_behind_a_document_that_is_broken_on_its_first_line(data: bytes) -> None:
    documents, problems = read(data, "f.yaml")
    assert documents[-1].value == {"b": 1}
    assert {problem.code for problem in problems} == {"syntax"}


def test_a_key_wholly_of_look_alikes_is_refused_and_one_of_another_language_is_read() -> None:
    _, problems = read("сору: 1\n".encode(), "f.yaml")
    assert [(p.code, p.remedy) for p in problems] == [("confusable-key", "Type it again: `copy`.")]
    documents, problems = read("хост: 1\n".encode(), "f.yaml")
    assert (documents[0].value, problems) == ({"хост": 1}, ())


@pytest.mark.parametrize(
    ("key", "kind"),
    [("true", "true or false"), ("~", "nothing"), ("2026-12-31", "a date"), ("7", "a number"), ("1.5", "a number")],
)
def test_a_key_that_is_no_text_says_what_it_is_read_as(key: str, kind: str) -> None:
    _, problems = read(f"{key}: x\n".encode(), "f.yaml")
    assert f"is read as {kind}." in problems[0].message
    assert read(f"'{key}': x\n".encode(), "f.yaml")[1] == ()

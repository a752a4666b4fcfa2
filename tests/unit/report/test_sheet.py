"""Lines wrap between words, lose nothing, and keep to the width."""

from hypothesis import given
from hypothesis import strategies as st

from stagemail.report.escape import is_hidden, visible
from stagemail.report.sheet import Sheet, Style, cells

PARTS = st.lists(st.tuples(st.text(max_size=40), st.sampled_from(["", "bold", "red"])), max_size=6)


@given(parts=PARTS, width=st.integers(20, 100), indent=st.integers(0, 8), hang=st.integers(0, 8))
def test_wrapping_loses_no_character_but_spaces(
    parts: list[tuple[str, Style]], width: int, indent: int, hang: int
) -> None:
    sheet = Sheet(width)
    sheet.line(*parts, indent=indent, hang=hang)
    wanted = visible("".join(text for text, _ in parts)).replace(" ", "")
    assert sheet.text().replace(" ", "").replace("\n", "") == wanted


@given(parts=PARTS, width=st.integers(20, 100), indent=st.integers(0, 8))
def test_a_line_is_too_wide_only_where_it_is_one_word(parts: list[tuple[str, Style]], width: int, indent: int) -> None:
    sheet = Sheet(width)
    sheet.line(*parts, indent=indent)
    for line in sheet.text().splitlines():
        assert cells(line) <= width or len(line.split()) == 1 or (len(line.split()) == 2 and line.split()[0] in "+-")
        assert not any(map(is_hidden, line))


@given(PARTS)
def test_colour_adds_only_colour(parts: list[tuple[str, Style]]) -> None:
    plain, coloured = Sheet(60), Sheet(60, color=True)
    plain.line(*parts)
    coloured.line(*parts)
    text = coloured.text()
    for code in ("0", "1", "31"):
        text = text.replace(f"\x1b[{code}m", "")
    assert text == plain.text()


def test_wide_characters_take_two_columns_and_combining_marks_none() -> None:
    assert cells("東京") == 4
    assert cells("e\u0301") == 1


def test_a_row_keeps_its_columns_and_wraps_the_last_under_itself() -> None:
    sheet = Sheet(30)
    sheet.row(("a", "bb", "one two three four five six"), (3, 4), indent=2)
    assert sheet.text() == "  a    bb    one two three\n             four five six\n"


def test_text_to_copy_is_never_wrapped_and_still_made_visible() -> None:
    sheet = Sheet(20)
    sheet.verbatim("key: " + "word " * 20 + "\x1b\nnext", indent=2)
    assert sheet.text().count("\n") == 2
    assert "\\x1b" in sheet.text()


def test_two_blank_lines_become_one() -> None:
    sheet = Sheet()
    sheet.blank()
    sheet.line("a")
    sheet.blank()
    sheet.blank()
    sheet.line("b")
    assert sheet.text() == "a\n\nb\n"


def test_a_sign_stays_with_what_it_stands_before() -> None:
    sheet = Sheet(20)
    sheet.line("+ Ann <ann@example.com>, - Bob <bob@example.com>")
    assert sheet.text() == "+ Ann\n  <ann@example.com>,\n  - Bob\n  <bob@example.com>\n"

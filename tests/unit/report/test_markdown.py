"""No value can break out of its place in Markdown: seen by a real parser, with tables as GitHub has them."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from stagemail.report.escape import visible
from stagemail.report.markdown import code, fenced, prose, table

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = st.text(st.sampled_from("a `|\\*_[]()<>&@#~!:/.\n\r\x1b\u202e'\"-+="), max_size=30) | st.text(max_size=30)
ALLOWED = {"paragraph", "inline", "text", "code_inline", "table", "thead", "tbody", "tr", "th", "td", "html_inline"}


def tokens(text: str) -> list[Token]:
    top = PARSER.parse(text)
    return [*top, *(child for token in top for child in token.children or ())]


def outside_code(found: list[Token]) -> str:
    """The text in which a host looks for mentions and references: not in code spans, not in ``<code>``."""
    shown, inside = "", False
    for token in found:
        if token.type == "html_inline":
            inside = token.content == "<code>"
        elif token.type == "text" and not inside:
            shown += token.content
    return shown


def kinds(text: str) -> set[str]:
    return {re.sub("_(open|close)$", "", token.type) for token in tokens(text)}


def html_tags(text: str) -> set[str]:
    return {token.content for token in tokens(text) if token.type == "html_inline"}


@given(value=NASTY)
@example("a|b")
@example("\\|")
@example("`` ` ``")
@example(" `")
@example("</code><script>")
def test_a_value_in_a_cell_is_exactly_one_cell_of_code(value: str) -> None:
    text = table(("A", "B"), [(code(value), "x")])
    assert kinds(text) <= ALLOWED
    assert html_tags(text) <= {"<code>", "</code>"}
    assert sum(token.type == "td_open" for token in tokens(text)) == 2


@given(value=NASTY)
def test_a_value_is_shown_literally(value: str) -> None:
    shown = "".join(t.content for t in tokens(f"x {code(value)} y") if t.type in ("text", "code_inline"))
    assert shown == f"x {visible(value)} y"


@given(text=NASTY)
@example("a @org/team #1 x")
@example("1. a")
@example("see http://evil.example and www.evil.example")
@example("[click](javascript:x)")
@example("![x](y)")
@example("a\n\n# b")
def test_a_sentence_with_anybodys_names_is_one_plain_paragraph_in_a_list(text: str) -> None:
    found = tokens(f"- `x`: {prose(text)}")
    assert {re.sub("_(open|close)$", "", token.type) for token in found} <= {*ALLOWED, "bullet_list", "list_item"}
    assert {t.content for t in found if t.type == "html_inline"} <= {"<code>", "</code>"}
    assert "@" not in outside_code(found)


LINKED = ("@org/team", "user@example.com", "#12", "org/repo#1", "https://x.example", "www.x.example")


@pytest.mark.parametrize("name", LINKED)
def test_what_a_renderer_would_link_or_notify_stands_in_code(name: str) -> None:
    assert prose(f"app {name} is bound") == f"app `{name}` is bound"


def test_our_own_quotes_in_a_message_become_code() -> None:
    assert prose("`prot` is not a field, write `port: 587`") == "`prot` is not a field, write `port: 587`"


def test_words_stay_readable() -> None:
    text = "CRM: test list → real users (held), 12 of 30; it's so"
    assert prose(text) == text


@given(st.text(st.sampled_from("`a\n "), max_size=40))
def test_a_fence_is_longer_than_any_in_its_text(text: str) -> None:
    (fence,) = [token for token in PARSER.parse(fenced("yaml", text)) if token.type != "inline"]
    assert fence.type == "fence"


def test_a_table_without_rows_is_left_out() -> None:
    assert table(("A",), []) == ""


def test_a_permission_as_odc_writes_it_stands_out() -> None:
    assert prose("grant *View configurations* on QA") == "grant `View configurations` on QA"

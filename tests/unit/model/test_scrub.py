"""The last net finds a known value in every form in which it travels."""

import base64
import html
import json
import quopri
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.model.scrub import Scrubber
from stagemail.model.secret import Secret

VALUE = 'p&ss "wörd"/=+\\7%'
BYTES = VALUE.encode()


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        repr(VALUE),
        urllib.parse.quote(VALUE),
        urllib.parse.quote(VALUE, safe=""),
        urllib.parse.quote_plus(VALUE),
        urllib.parse.quote(VALUE, safe="").lower(),
        urllib.parse.urlencode({"client_secret": VALUE}),
        BYTES.hex(),
        BYTES.hex().upper(),
        base64.b64encode(BYTES).decode(),
        base64.urlsafe_b64encode(BYTES).decode().rstrip("="),
        html.escape(VALUE),
        quopri.encodestring(BYTES).decode(),
    ],
)
def test_an_encoded_value_is_replaced(form: str) -> None:
    scrubbed = Scrubber([Secret(VALUE)]).scrub(f"before {form} after")
    assert "***" in scrubbed
    assert "rd" not in scrubbed.removeprefix("before ").removesuffix(" after")


@given(
    before=st.binary(max_size=9), after=st.binary(max_size=9), value=st.text("abcXYZ0189!?", min_size=9, max_size=40)
)
def test_a_value_inside_longer_base64_is_replaced(before: bytes, after: bytes, value: str) -> None:
    text = base64.b64encode(before + value.encode() + after).decode()
    left = Scrubber([Secret(value)]).scrub(text)
    assert "***" in left
    longest = max(left.split("***"), key=len)
    assert value.encode() not in base64.b64decode(longest[: len(longest) // 4 * 4])


def test_smtp_auth_plain_is_covered() -> None:
    line = "AUTH PLAIN " + base64.b64encode(b"\0mailer@example.com\0hunter2-hunter2").decode()
    assert base64.b64encode(b"hunter2").decode()[:6] not in Scrubber([Secret("hunter2-hunter2")]).scrub(line)


def test_the_longer_of_two_values_goes_first() -> None:
    assert Scrubber([Secret("abcd"), Secret("abcdefgh")]).scrub("abcdefgh abcd") == "*** ***"


def test_text_without_a_known_value_stays_as_it_is() -> None:
    assert Scrubber([Secret("hunter2")]).scrub("550 no such user") == "550 no such user"
    assert Scrubber([]).scrub("hunter2") == "hunter2"


def test_values_of_fewer_than_four_characters_are_not_looked_for() -> None:
    assert Scrubber([Secret("abc"), Secret("")]).scrub("abc YWJj") == "abc YWJj"


@pytest.mark.parametrize(
    "form",
    [
        base64.b64encode(json.dumps({"password": VALUE}).encode()).decode(),
        base64.b64encode(f"id:{urllib.parse.quote(VALUE, safe='')}".encode()).decode(),
        base64.b64encode(base64.b64encode(BYTES)).decode(),
        urllib.parse.quote(base64.b64encode(BYTES).decode(), safe=""),
        urllib.parse.quote(urllib.parse.quote(VALUE, safe=""), safe=""),
        json.dumps(json.dumps({"password": VALUE})),
        json.dumps(repr(VALUE)),
        repr(BYTES),
        BYTES.hex(" "),
        BYTES.hex(":"),
        base64.b64encode(BYTES).hex(),
    ],
)
def test_a_value_that_was_encoded_twice_is_replaced(form: str) -> None:
    scrubbed = Scrubber([Secret(VALUE)]).scrub(f"before {form} after")
    assert "***" in scrubbed
    assert len(scrubbed) < len(form)


LONG = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(c * 3 + "0123456789abcdefghijABCDEFGHIJ" + c for c in "klmn")


def test_a_value_that_was_cut_is_replaced_as_far_as_it_goes() -> None:
    assert Scrubber([Secret(LONG)]).scrub(f"said: {LONG[:60]}") == "said: ***"
    assert Scrubber([Secret(LONG)]).scrub(f"{LONG[40:]} it ends") == "*** it ends"


def test_every_line_of_a_value_of_several_lines_is_replaced() -> None:
    scrubber = Scrubber([Secret(LONG)])
    for line in LONG.splitlines():
        assert scrubber.scrub(f"  | {line} |") == "  | *** |"


def test_base64_that_was_broken_into_lines_is_replaced() -> None:
    wrapped = base64.encodebytes(("x" * 7 + LONG).encode()).decode()
    left = "".join(Scrubber([Secret(LONG)]).scrub(wrapped).split())
    assert len(left) < 20


def test_values_can_be_added() -> None:
    scrubber = Scrubber()
    assert scrubber.scrub("first second") == "first second"
    scrubber.add(Secret("first"))
    assert scrubber.scrub("first second") == "*** second"
    scrubber.add(Secret("second"))
    assert scrubber.scrub("first second") == "*** ***"


class _Counted(dict[str, list[tuple[str, int, int]]]):
    """Counts how often it is asked."""

    asked = 0

    def __contains__(self, key: object) -> bool:
        self.asked += 1
        return super().__contains__(key)


def test_the_look_ups_are_one_per_character_however_many_values_are_known() -> None:
    text = "nothing of interest. " * 500
    asked = []
    for many in (1, 100):
        scrubber = Scrubber(Secret(f"value-{number}-of-many") for number in range(many))
        scrubber.scrub("")
        scrubber._index = counted = _Counted(scrubber._index)
        assert scrubber.scrub(text) == text
        asked.append(counted.asked)
    assert asked == [len("".join(text.split())) - 3] * 2


@given(st.lists(st.text(max_size=12), max_size=4), st.text(max_size=80))
def test_no_value_is_left_whatever_the_text(values: list[str], text: str) -> None:
    secrets = [Secret(value) for value in values]
    scrubbed = Scrubber(secrets).scrub(f"{text}{''.join(values)}{text}")
    assert not [v for v in values if len("".join(v.split())) >= 4 and v in scrubbed and "*" not in v]


@pytest.mark.parametrize(
    "value", ["correct horse battery staple", "a b correct horse", "two  blanks here", "to be or nought"]
)
def test_a_value_of_several_words_is_replaced_wherever_the_text_was_folded(value: str) -> None:
    for folded in (
        value,
        value.replace(" ", "\n"),
        value.replace(" ", "\n    "),
        value.replace("e ", "e\n  ").replace("or", "o\nr"),
    ):
        assert Scrubber([Secret(value)]).scrub(f"said {folded}, and more") == "said ***, and more"


def test_a_short_value_is_not_found_across_words() -> None:
    assert Scrubber([Secret("tobe")]).scrub("to be tobe") == "to be ***"

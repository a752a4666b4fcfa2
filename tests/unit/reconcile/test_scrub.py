"""The last net finds a known value in every form in which it travels."""

import base64
import html
import json
import quopri
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.model.secret import Secret
from stagemail.reconcile.scrub import Scrubber

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

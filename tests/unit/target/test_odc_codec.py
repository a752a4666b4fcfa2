"""Spellings of ODC and values of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.errors import UserMustFix
from stagemail.model import email
from stagemail.target.odc.codec import Codec

PLAIN, NAMED = Codec(), Codec(members="named", separator=";")
ADDRESSES = st.from_regex(r"[a-z0-9]{1,9}@[a-z0-9]{1,9}\.[a-z]{2,4}", fullmatch=True)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=',;|"\\<>()[]@'), max_size=12)
SEPARATORS = st.sampled_from([",", ";", "\n", "|"])


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (email.PORT, " 587 ", 587),
        (email.PORT, "", None),
        (email.PORT, "many", "many"),
        (email.HOST, None, None),
        (email.HOST, "SMTP.Example.com.", "smtp.example.com"),
        (email.AUTH_TYPE, "OAuth 2.0", "oauth2"),
        (email.AUTH_TYPE, "BASIC", "basic"),
        (email.AUTH_TYPE, "Basic authentication", "basic"),
        (email.AUTH_TYPE, "OAuth 2.0 - Client credentials", "oauth2"),
        (email.AUTH_TYPE, "Kerberos", "Kerberos"),
        (email.SECURITY, "StartTLS", "starttls"),
        (email.SECURITY, "SSL/TLS", "tls"),
        (email.SCOPES, "b a, c", ("a", "b", "c")),
        (email.TEST_LIST, None, ()),
        (email.TEST_LIST, "QA <qa@x.example>", ("qa@x.example",)),
        (email.TEST_LIST, " b@x.example , a@X.example,", ("a@x.example", "b@x.example")),
    ],
)
def test_a_spelling_is_read(field: str, text: str | None, value: object) -> None:
    assert PLAIN.decode(field, text) == value


@pytest.mark.parametrize(
    ("text", "on"), [("True", True), ("true", True), ("1", True), ("False", False), (None, False), ("maybe", None)]
)
def test_a_switch_is_read_in_many_spellings_and_never_guessed(text: str | None, on: bool | None) -> None:
    assert PLAIN.is_on(text) is on


def test_an_inverted_switch_is_read_as_the_mapping_says() -> None:
    assert Codec(true="0", false="1").is_on("1") is False


def test_the_mappings_own_words_beat_synonyms() -> None:
    codec = Codec(authentication={"none": "Plain", "basic": "Login", "oauth2": "Modern"})
    assert [codec.decode(email.AUTH_TYPE, word) for word in ("Plain", "login", "MODERN")] == ["none", "basic", "oauth2"]
    assert codec.encode(email.AUTH_TYPE, "oauth2") == "Modern"


@given(st.lists(ADDRESSES, max_size=5), SEPARATORS)
def test_plain_lists_survive_the_platform(members: list[str], separator: str) -> None:
    codec = Codec(separator=separator)
    wanted = tuple(members)
    assert codec.same(email.TEST_LIST, wanted, codec.decode(email.TEST_LIST, codec.encode(email.TEST_LIST, wanted)))


@given(st.lists(st.tuples(NAMES, ADDRESSES), max_size=5), SEPARATORS)
def test_named_lists_survive_the_platform(members: list[tuple[str, str]], separator: str) -> None:
    codec = Codec(members="named", separator=separator)
    wanted = tuple(f'"{name}" <{address}>' if name else address for name, address in members)
    assert codec.same(email.TEST_LIST, wanted, codec.decode(email.TEST_LIST, codec.encode(email.TEST_LIST, wanted)))


def test_a_name_with_a_comma_survives_a_list_with_commas() -> None:
    codec = Codec(members="named")
    wanted = ('"Doe, Jane" <j@x.example>', "b@x.example")
    assert codec.same(email.TEST_LIST, wanted, codec.decode(email.TEST_LIST, codec.encode(email.TEST_LIST, wanted)))


@pytest.mark.parametrize("member", ['"a; b" <a@x.example>', '"Doe, Jane" <j@x.example>'])
def test_a_name_that_would_split_the_list_is_refused(member: str) -> None:
    with pytest.raises(UserMustFix, match="separates"):
        NAMED.encode(email.TEST_LIST, (member,))


def test_names_count_only_where_the_platform_keeps_them() -> None:
    one, other = ("QA <qa@x.example>",), ("qa@x.example",)
    assert PLAIN.same(email.TEST_LIST, one, other)
    assert not NAMED.same(email.TEST_LIST, one, other)
    assert PLAIN.encode(email.TEST_LIST, one) == "qa@x.example"


@given(st.sampled_from([email.HOST, email.USERNAME, email.SENDER_NAME]), st.text(min_size=1))
def test_text_is_sent_as_it_is(field: str, text: str) -> None:
    assert PLAIN.encode(field, text) == text


def test_nothing_is_sent_as_empty_text() -> None:
    assert PLAIN.encode(email.USERNAME, None) == ""
    assert PLAIN.encode(email.SCOPES, ("a", "b")) == "a b"
    assert PLAIN.encode(email.PORT, 587) == "587"

"""One spelling per value."""

from email.utils import formataddr, parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.model import email
from stagemail.model.email import address_of
from stagemail.target.canonical import canonical, mailbox


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (email.HOST, "SMTP.Example.com", "smtp.example.com."),
        (email.PORT, 587, " 587 "),
        (email.SECURITY, "STARTTLS", "starttls"),
        (email.SENDER_ADDRESS, "no-reply@QA.example.com", "no-reply@qa.EXAMPLE.com"),
        (email.TEST_LIST, ("a@x.example", "b@x.example"), ("b@X.example", "a@x.example", "a@x.example")),
        (email.TEST_LIST, ("QA team <a@x.example>",), ('"QA team" <a@X.example>',)),
        (email.TEST_LIST, ("=?utf-8?q?M=C3=BCller?= <a@x.example>",), ("Müller <a@x.example>",)),
        (email.TEST_LIST, ('"Doe, Jane" <a@x.example>',), ('"Doe\\, Jane" <a@x.example>',)),
        (email.SCOPES, ("b", "a"), ("a", "b")),
        (email.SCOPES, (), None),
    ],
)
def test_spellings_that_mean_the_same_are_equal(field: str, one: object, other: object) -> None:
    assert canonical(field, one) == canonical(field, other)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (email.USERNAME, "Mailer", "mailer"),
        (email.SENDER_ADDRESS, "No-Reply@x.example", "no-reply@x.example"),
        (email.PORT, "587", "5870"),
        (email.PORT, 587, "５８７"),
        (email.TEST_LIST, ("A <a@x.example>",), ("B <a@x.example>",)),
    ],
)
def test_spellings_that_may_mean_something_else_stay_different(field: str, one: object, other: object) -> None:
    assert canonical(field, one) != canonical(field, other)


def test_names_are_dropped_where_the_platform_keeps_none() -> None:
    assert mailbox("QA team <qa@Example.com>", names=False) == "qa@example.com"


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)
ADDRESSES = st.from_regex(r"[a-zA-Z0-9.]{1,9}@[a-zA-Z0-9]{1,9}\.[a-z]{2,4}", fullmatch=True)


@given(NAMES, ADDRESSES)
def test_a_mailbox_keeps_its_name_and_its_spelling_is_stable(name: str, address: str) -> None:
    once = mailbox(formataddr((name, address)))
    assert mailbox(once) == once
    assert address_of(once) == address_of(address)
    assert parseaddr(once)[0] == name

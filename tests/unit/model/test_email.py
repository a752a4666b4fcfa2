"""The fields of email, and the order of recipients."""

from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stagemail.model import email
from stagemail.model.field import FieldSpec, Specs

LIST = {email.RECIPIENTS_MODE: "test-list"}
REAL = {email.RECIPIENTS_MODE: "set-in-app"}


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [(LIST, REAL, True), (LIST, {}, True), (REAL, LIST, False), ({}, REAL, False), (LIST, LIST, False)],
)
def test_only_leaving_a_test_list_widens(before, after, wider) -> None:
    """Where nobody set anything, mail goes where the app says."""
    assert email.widens(before, after) is wider


@pytest.mark.parametrize(
    ("mailbox", "address", "domain"),
    [
        ("QA <qa@Example.COM>", "qa@example.com", "example.com"),
        ("Qa@Example.com", "Qa@example.com", "example.com"),
        ('"a@b.example" <qa@example.com>', "qa@example.com", "example.com"),
    ],
)
def test_an_address_is_what_stands_in_angle_brackets_or_all_of_it_and_its_domain_has_no_case(
    mailbox, address, domain
) -> None:
    assert (email.address_of(mailbox), email.domain_of(mailbox)) == (address, domain)


def test_authentication_and_recipients_are_each_sent_together_and_the_rest_alone() -> None:
    login = email.SPECS.together(email.PASSWORD)
    assert login[0] == email.AUTH_TYPE
    assert set(login) == {name for name in email.SPECS if name.startswith("authentication.")}
    assert email.SPECS.together(email.TEST_LIST) == (email.RECIPIENTS_MODE, email.TEST_LIST)
    assert email.SPECS.together(email.HOST) == (email.HOST,)


def test_fields_have_the_order_in_which_people_read_them() -> None:
    specs = Specs(FieldSpec("b", "x"), FieldSpec("a", "x"))
    assert sorted(specs, key=specs.order) == ["b", "a"]
    assert (len(specs), specs.together("a")) == (2, ("a",))
    with pytest.raises(KeyError):
        specs.order("c")


def test_secrets_are_the_password_and_the_client_secret() -> None:
    assert {name for name, spec in email.SPECS.items() if spec.secret} == {email.PASSWORD, email.CLIENT_SECRET}


@given(st.text(st.sampled_from('aB9é+-_=?. \t@<>"\\(),:;[]\r\n\x00\u00a0'), max_size=24))
@example("Tester One <t.one@Qa.Example.com>")
@example("a@b@c")
@example("a..b@c")
def test_the_quick_way_to_read_a_mailbox_reads_it_as_the_standard_library_does(text: str) -> None:
    name, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    assert email.parts_of(text) == (name, f"{local}{at}{domain.lower()}")

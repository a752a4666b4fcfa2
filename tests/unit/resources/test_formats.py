"""Addresses, hosts, token URLs and domains: what is taken and what is refused."""

import email_validator
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagemail.resources import formats


@pytest.mark.parametrize(
    "text",
    [
        "qa@example.com",
        "a.b+c@qa.example.com",
        "qa@relay.corp.local",
        "ü@exämple.com",
        "qa@mail.example.test",
        "o'hara@example.org",
    ],
)
def test_an_address_is_an_address(text: str) -> None:
    assert formats.address_fault(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "x@evil.example <a@good.example>",
        "<a@good.example>",
        "a@good.example\r\nBcc: b@evil.example",
        "a@good.example\n",
        " a@good.example",
        "a@good.example, b@good.example",
        "a@b",
        "a@localhost",
        "@example.com",
        "a..b@example.com",
        '"a b"@example.com',
        "a@[10.0.0.1]",
        "a@10.0.0.1",
        "a@-bad.example.com",
        "a\x00b@example.com",
        "",
        "a" * 65 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str) -> None:
    assert formats.address_fault(text)


LABEL = st.text("abz09-", min_size=1, max_size=12)
LOCAL = st.text("abz09.+-_", min_size=1, max_size=70)


@given(
    st.builds(
        lambda local, labels: f"{local}@{'.'.join([*labels, 'com'])}", LOCAL, st.lists(LABEL, min_size=1, max_size=24)
    )
)
@settings(max_examples=500, deadline=None)
def test_every_address_that_needs_no_second_look_is_one_for_the_library_too(text: str) -> None:
    if formats._PLAIN_ADDRESS.fullmatch(text):
        email_validator.validate_email(text, check_deliverability=False, strict=True)


@pytest.mark.parametrize(
    "text",
    ["smtp.example.com", "smtp", "10.0.0.25", "2001:db8::25", "münchen.example", "xn--mnchen-3ya.example", "localhost"],
)
def test_a_host_is_a_host(text: str) -> None:
    assert formats.host_fault(text) == ""


@pytest.mark.parametrize(
    "text",
    ["", "a b", "smtp.example.com:587", "smtp://smtp.example.com",
     "[2001:db8::25]", "10.0.0.300", "a_b.example", "-a.example",
     "smtp\u00ad.example.com", "smtp.\uff45xample.com", "smtp\u3002example.com", "smtp\u200b.example.com",

     "a..b", "smtp.example.com.",
     "fe80::1%eth0", "a" * 64 + ".example", "smtp.example.com\r\nX", "user@host",
     "999", "ab--c.example"],
)  # fmt: skip
def test_what_is_no_host_is_refused_with_a_reason(text: str) -> None:
    assert formats.host_fault(text)


@given(
    st.text(max_size=20).map(lambda text: f"{text}@example.com")
    | st.text(max_size=20).map(lambda text: f"a@{text}.example.com")
)
@settings(deadline=None)
def test_an_address_never_holds_what_nobody_can_see(text: str) -> None:
    if formats.address_fault(text) == "":
        assert text.isprintable()
        assert " " not in text


@given(st.text(max_size=40))
@settings(deadline=None)
def test_a_host_never_holds_blanks_or_control_characters(text: str) -> None:
    if formats.host_fault(text) == "":
        assert text.isprintable()
        assert " " not in text


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("https://login.example.com/oauth2/token", True),
        ("http://127.0.0.1:8080/token", True),
        ("http://localhost/token", True),
        ("http://[::1]:9/token", True),
        ("http://login.example.com/token", False),
        ("https://user:pw@login.example.com/token", False),
        ("https://login.example.com/token#x", False),
        ("https://login.example.com/to ken", False),
        ("https:///token", False),
        ("ftp://login.example.com", False),
        ("https://login.example.com:99999/", False),
        ("https://[::1/token", False),
    ],
)
def test_a_token_url_is_https_or_loopback(text: str, taken: bool) -> None:
    assert (formats.token_url_fault(text) == "") is taken


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("example.outsystems.dev", True),
        ("example.outsystems.dev:8443", True),
        ("http://127.0.0.1:8080", True),
        ("https://example.outsystems.dev", False),
        ("http://example.outsystems.dev", False),
        ("example.outsystems.dev/api", False),
        ("http://127.0.0.1:8080/api", False),
        ("example.outsystems.dev:0", False),
        ("example.outsystems.dev:http", False),
    ],
)
def test_a_domain_is_a_host_with_or_without_a_port(text: str, taken: bool) -> None:
    assert (formats.domain_fault(text) == "") is taken

"""Grants: which stage, which secret, which destination."""

import pytest

from stagemail.model.grant import Grant, destination, smtp_destination
from stagemail.model.secret import SecretRef

GRANT = Grant(
    ("qa", "dev"), "env", "SMTP_QA*", ("smtp.example.com:587", "https://login.example.com/t/oauth2/v2.0/token")
)


@pytest.mark.parametrize(
    ("stage", "store", "key", "covered"),
    [
        ("qa", "env", "SMTP_QA", True),
        ("dev", "env", "SMTP_QA_2", True),
        ("production", "env", "SMTP_QA", False),
        ("qa", "vault", "SMTP_QA", False),
        ("qa", "env", "SMTP_PROD", False),
        ("qa", "env", "xSMTP_QA", False),
        ("qa", "env", "smtp_qa", False),
        ("qa", "env", "SMTP_QA/../SMTP_PROD", False),
        ("qa", "env", "SMTP_QA\n", True),
    ],
)
def test_a_grant_covers_its_stages_store_and_keys(stage: str, store: str, key: str, covered: bool) -> None:
    assert GRANT.covers(stage, SecretRef(store, key)) is covered


def test_in_keys_only_the_star_is_special_and_it_stays_in_its_folder() -> None:
    grant = Grant(("qa",), "file", "qa/*.p?", ())
    assert grant.covers("qa", SecretRef("file", "qa/smtp.p?"))
    assert not grant.covers("qa", SecretRef("file", "qa/smtp.pw"))
    assert not grant.covers("qa", SecretRef("file", "qa/deep/smtp.p?"))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("SMTP.Example.com:587", "smtp.example.com:587"),
        ("smtp.example.com.:0587", "smtp.example.com:587"),
        ("[2001:DB8:0::1]:25", "[2001:db8::1]:25"),
        ("2001:db8::1:25", "[2001:db8::1]:25"),
        ("HTTPS://Login.Example.com:443/Tenant/token", "https://login.example.com/Tenant/token"),
        ("https://login.example.com:8443", "https://login.example.com:8443/"),
        ("http://localhost:80/t", "http://localhost/t"),
        ("https://[::1]:9/t", "https://[::1]:9/t"),
    ],
)
def test_a_destination_has_one_spelling(text: str, same: str) -> None:
    assert destination(text) == same
    assert destination(same) == same


@pytest.mark.parametrize(
    "text",
    [
        "", "a:²", "smtp.example.com", "smtp.example.com:", ":25", "smtp.example.com:0", "smtp.example.com:65536",
        "a b:25", "evil@smtp.example.com:587", "evil/smtp.example.com:587", "ftp://a/b", "https://", "https://u:p@a/b",
        "https://a/b?x=1", "https://a/b#f", "https://a:99999/b", ".:25",
    ],
)  # fmt: skip
def test_what_is_no_destination_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        destination(text)


def test_an_smtp_server_by_address_gets_its_brackets() -> None:
    assert smtp_destination("::1", 25) == "[::1]:25"
    assert smtp_destination("[::1]", 25) == "[::1]:25"
    assert smtp_destination("Mail.example.com", 587) == "mail.example.com:587"


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("SMTP.example.com:587", True),
        ("smtp.example.com:25", False),
        ("smtp.example.com.evil.example:587", False),
        ("https://LOGIN.example.com/t/oauth2/v2.0/token", True),
        ("https://login.example.com/T/oauth2/v2.0/token", False),
        ("https://login.example.com/t/oauth2/v2.0/token/", False),
        ("http://login.example.com/t/oauth2/v2.0/token", False),
    ],
)
def test_a_grant_reaches_exactly_its_destinations(wanted: str, reached: bool) -> None:
    assert GRANT.reaches(wanted) is reached


def test_a_star_in_a_destination_is_no_pattern() -> None:
    assert not Grant(("qa",), "env", "K", ("*.example.com:587",)).reaches("smtp.example.com:587")

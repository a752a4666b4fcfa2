"""What entries may be called: names that nobody has shown us yet."""

import pytest

from stagemail.model import email
from stagemail.target.odc.patterns import PATTERNS, Words, candidates, plain
from stagemail.target.odc.payloads import Entry
from stagemail.target.odc.spelling import recognised

STYLES: dict[str, dict[str, tuple[str, str]]] = {
    "symbols without descriptions": {
        email.HOST: ("SMTPServer", ""),
        email.PORT: ("SMTPPort", ""),
        email.AUTH_TYPE: ("SMTPAuthenticationType", ""),
        email.USERNAME: ("SMTPUsername", ""),
        email.PASSWORD: ("SMTPPassword", ""),
        email.TOKEN_URL: ("SMTPOAuthTokenURL", ""),
        email.CLIENT_ID: ("SMTPOAuthClientId", ""),
        email.CLIENT_SECRET: ("SMTPOAuthClientSecret", ""),
        email.SCOPES: ("SMTPOAuthScopes", ""),
        email.SENDER_NAME: ("SMTPSenderName", ""),
        email.SENDER_ADDRESS: ("SMTPSenderAddress", ""),
        email.RECIPIENTS_MODE: ("EmailTestListActive", ""),
        email.TEST_LIST: ("EmailTestList", ""),
    },
    "the Portal's labels": {
        email.HOST: ("SMTP server", "The server that sends the emails."),
        email.PORT: ("Port", "Port of the SMTP server."),
        email.AUTH_TYPE: ("Authentication", "How to authenticate to the SMTP server."),
        email.USERNAME: ("Username", "Username for the SMTP server."),
        email.PASSWORD: ("Password", "Password for the SMTP server."),
        email.TOKEN_URL: ("Token URL", "Where to get tokens for the SMTP server."),
        email.CLIENT_ID: ("Client ID", "For the SMTP server."),
        email.CLIENT_SECRET: ("Client Secret", "For the SMTP server."),
        email.SCOPES: ("Scope", "For the SMTP server."),
        email.SENDER_NAME: ("Default sender name", "Name in emails."),
        email.SENDER_ADDRESS: ("Default sender email", "Address in emails."),
        email.RECIPIENTS_MODE: ("Active", "Use the test list for the emails of this app."),
        email.TEST_LIST: ("Test List", "Email addresses."),
    },
    "kebab and words before": {
        email.HOST: ("mail-server-host", ""),
        email.PORT: ("mail-server-port", ""),
        email.SECURITY: ("mail-server-encryption", ""),
        email.AUTH_TYPE: ("mail-auth-method", ""),
        email.USERNAME: ("mail-user", ""),
        email.PASSWORD: ("mail-password", ""),
        email.SENDER_NAME: ("mail-from-name", ""),
        email.SENDER_ADDRESS: ("mail-from-address", ""),
        email.RECIPIENTS_MODE: ("enable-test-emails", ""),
        email.TEST_LIST: ("test-email-recipients", ""),
    },
}
DECOYS = [
    Entry(key="d1", name="Session timeout", data_type="Integer"),
    Entry(key="d2", name="REST Client Secret", description="Secret of a REST API", is_secret=True),
    Entry(key="d3", name="Server address", description="Where the API is"),
    Entry(key="d4", name="Enable", description="Enable debugging", data_type="Boolean"),
]


def entries(style: dict[str, tuple[str, str]]) -> list[Words]:
    made = [
        Entry(
            key=field,
            name=name,
            description=description or None,
            data_type="Boolean" if field == email.RECIPIENTS_MODE else "Text",
            is_secret=email.SPECS[field].secret,
        )
        for field, (name, description) in style.items()
    ]
    return [Words.of(entry) for entry in [*DECOYS, *made]]


@pytest.mark.parametrize("style", STYLES)
def test_each_field_finds_its_own_entry(style: str) -> None:
    known = entries(STYLES[style])
    found = {field: [entry.key for entry in candidates(field, known)[0]] for field in PATTERNS}
    assert found == {field: [field] if field in STYLES[style] else [] for field in PATTERNS}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SMTP.UserName", "smtp user name"),
        ("SMTPOAuthTokenURL", "smtp oauth token url"),
        ("E-mail_test--list", "email test list"),
        ("ÄnderungsAdresse", "änderungs adresse"),
    ],
)
def test_names_become_plain_words(text: str, words: str) -> None:
    assert plain(text) == words


def test_secrecy_tells_twins_apart() -> None:
    twins = [
        Entry(key="hint", name="SMTP password", data_type="Text", is_secret=False),
        Entry(key="real", name="SMTP password", data_type="Text", is_secret=True),
    ]
    assert [each.key for each in candidates(email.PASSWORD, [Words.of(twin) for twin in twins])[0]] == ["real"]


@pytest.mark.parametrize(
    ("description", "value", "words"),
    [
        (
            "How to authenticate: None, Basic, OAuth 2.0.",
            None,
            {"none": "None", "basic": "Basic", "oauth2": "OAuth 2.0"},
        ),
        ("One of none|basic|oauth2", "basic", {"none": "none", "basic": "basic", "oauth2": "oauth2"}),
        ("How to authenticate.", "Basic", None),
    ],
)
def test_the_words_for_authentication_are_taken_from_the_description(
    description: str, value: str | None, words: dict[str, str] | None
) -> None:
    entry = Entry(key="k", description=description, value=value)
    assert recognised({email.AUTH_TYPE: entry}, [], []).get("authentication") == words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@x.example", {"memberFormat": "plain"}),
        ("a@x.example; b@x.example", {"memberFormat": "plain", "listSeparator": "semicolon"}),
        ('"Doe, J" <a@x.example>;B <b@x.example>', {"memberFormat": "named", "listSeparator": "semicolon"}),
        ("a@x.example\nb@x.example", {"memberFormat": "plain", "listSeparator": "newline"}),
        ("nobody", {}),
    ],
)
def test_a_test_list_tells_how_lists_are_written(text: str, found: dict[str, str]) -> None:
    assert recognised({}, [], [text]) == found


@pytest.mark.parametrize(
    ("values", "spelt"),
    [(["True", None], "True/False"), (["false"], "true/false"), (["True", "false"], None), ([], None)],
)
def test_booleans_are_recognised_only_where_all_agree(values: list[str | None], spelt: str | None) -> None:
    assert recognised({}, [Entry(value=value) for value in values], []).get("boolean") == spelt

"""XOAUTH2: a token really fetched with client credentials, and how a token endpoint can fail or trick."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.mail import certificates
from tests.unit.mail.servers import PATIENT, Line, Now, rogue

from odc_emulator.identity import TOKEN_PATH
from odc_emulator.seed import EMAIL_SECRET
from odc_emulator.server import EmulatorServer
from odc_emulator.sink import MailSink, SinkSettings
from stagemail.mail.bounds import Bounds
from stagemail.mail.faults import Fault
from stagemail.mail.probe import SmtpProbe
from stagemail.mail.token import fetch
from stagemail.model.egress import Egress
from stagemail.model.probe import Extent, Letter, OAuth2, Probed, Server
from stagemail.model.secret import Secret

NAME, SENDER = certificates.NAME, "no-reply@example.com"
HOME = Egress(networks=("127.0.0.0/8",))


@pytest.fixture(scope="module")
def platform() -> Iterator[EmulatorServer]:
    with EmulatorServer() as running:
        yield running


@pytest.fixture
def sink(platform: EmulatorServer, tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(SinkSettings(tmp_path / "sink", token_check=platform.control.token_is_valid)) as running:
        yield running


def prober(sink: MailSink) -> SmtpProbe:
    route = {f"{NAME}:587": f"127.0.0.1:{sink.port}"}
    return SmtpProbe(
        Egress(frozenset(route), ("127.0.0.0/8",), route), PATIENT, Now(), "a test", sink.settings.directory / "ca.pem"
    )


def oauth(url: str, secret: str = EMAIL_SECRET) -> OAuth2:
    return OAuth2(SENDER, url, "smtp-mailer", Secret(secret), ("https://outlook.office365.com/.default",))


def probed(sink: MailSink, url: str, secret: str = EMAIL_SECRET) -> Probed:
    return prober(sink).probe(Server(NAME, 587, "starttls", oauth(url, secret)), Extent(sender=SENDER))


def test_a_token_is_bought_and_logs_in(platform: EmulatorServer, sink: MailSink) -> None:
    found = probed(sink, platform.url + TOKEN_PATH)
    assert found.passed, found.failure
    bought, login = found.step("token"), found.step("auth")
    assert bought is not None and bought.facts == {"expiresIn": 43200}
    assert login is not None and (login.facts["mechanism"], login.facts["user"]) == ("XOAUTH2", SENDER)


def test_a_letter_is_sent_with_it(platform: EmulatorServer, sink: MailSink) -> None:
    server = Server(NAME, 587, "starttls", oauth(platform.url + TOKEN_PATH))
    sent = prober(sink).send(server, Letter(SENDER, ("qa@example.com",), b"Subject: Hi\r\n\r\nthere\r\n"), lambda: None)
    assert sent.delivery == "accepted"
    assert [message["to"] for message in sink.inbox()] == [["qa@example.com"]]


def test_a_wrong_client_secret_never_reaches_the_mail_server(platform: EmulatorServer, sink: MailSink) -> None:
    failure = probed(sink, platform.url + TOKEN_PATH, "wrong-client-secret-value").failure
    assert failure is not None
    assert (failure.name, failure.code, failure.reply) == ("token", "wrong-client-secret", "401 invalid_client")
    assert "wrong-client-secret-value" not in repr(failure)


def http(answer: bytes, *, then: Callable[[Line], None] | None = None) -> Callable[[Line], None]:
    """A token endpoint that reads a request and answers so."""

    def play(line: Line) -> None:
        length = 0
        while header := line.hear():
            if header.lower().startswith("content-length:"):
                length = int(header.split(":")[1])
        line._file.read(length)
        line.socket.sendall(answer)
        if then is not None:
            then(line)

    return play


def told(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def drip(line: Line) -> None:
    for _ in range(400):
        line.socket.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("answer", "then", "code"),
    [
        (told(b"", "302 Found", "Location: http://169.254.169.254/"), None, "token-redirect"),
        (told(b"{}"), None, "no-token"),
        (told(b"<html>"), None, "no-token"),
        (told(b'{"access_token": "a\\r\\nb"}'), None, "no-token"),
        (told(b'{"error": "invalid_scope"}', "400 Bad"), None, "wrong-scope"),
        (told(b'{"error": "unauthorized_client"}', "400 Bad"), None, "client-not-permitted"),
        (told(b"{}", "503 Busy"), None, "token-temporary"),
        (told(b"x" * 100_000), None, "oversized-answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", drip, "token-timeout"),
        (b"HTTP/1.1 200 OK\r\nX-", drip, "token-timeout"),
        (b"", None, "token-broken"),
        (b"220 hello\r\n", None, "token-broken"),
    ],
)  # fmt: skip
def test_a_token_endpoint_that_fails_or_tricks_is_named(
    answer: bytes, then: Callable[[Line], None] | None, code: str
) -> None:
    bounds = Bounds(reply=2, total=2) if code == "token-timeout" else PATIENT
    with rogue(http(answer, then=then)) as (port, _), pytest.raises(Fault) as caught:
        fetch(oauth(f"http://127.0.0.1:{port}/token"), HOME, bounds, ssl.create_default_context())
    assert caught.value.code == code
    assert EMAIL_SECRET not in f"{caught.value!r} {caught.value.__dict__}"


def test_what_a_description_repeats_is_not_shown_but_a_providers_number_is() -> None:
    body = f'{{"error": "invalid_client", "error_description": "AADSTS7000215: wrong {EMAIL_SECRET}"}}'.encode()
    with rogue(http(told(body, "401 No"))) as (port, _), pytest.raises(Fault) as caught:
        fetch(oauth(f"http://127.0.0.1:{port}/token"), HOME, PATIENT, ssl.create_default_context())
    assert caught.value.reply == "401 invalid_client AADSTS7000215"


def test_a_token_endpoint_inside_is_refused_before_anything_is_sent() -> None:
    with rogue(http(told(b"{}"))) as (port, heard), pytest.raises(Fault) as caught:
        fetch(oauth(f"http://127.0.0.1:{port}/token"), Egress(), PATIENT, ssl.create_default_context())
    assert caught.value.code == "address-refused"
    assert heard == []


def test_the_address_that_was_checked_is_the_one_that_gets_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is checked and inside when it is connected to would be asked twice."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def once(host: str, port: int, *more: object, **rest: object) -> object:
        if host != "login.example.com":
            return real(host, port, *more, **rest)  # type: ignore[arg-type]
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.9.9.9"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", once)
    with rogue(http(told(b'{"access_token": "good"}'))) as (port, heard):
        secret, _ = fetch(oauth(f"http://login.example.com:{port}/token"), HOME, PATIENT, ssl.create_default_context())
    assert secret.reveal() == "good"
    assert asked == ["login.example.com"]
    assert f"Host: login.example.com:{port}" in heard

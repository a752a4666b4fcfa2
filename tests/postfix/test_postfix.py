"""Preflight and a test message against Postfix with Cyrus SASL: logins, refusals, limits, greylisting, a mailbox."""

from collections.abc import Iterator

import pytest
from tests.postfix.server import PASSWORD, SIZE, USER, Postfix, postfix, require
from tests.unit.mail.certificates import NAME
from tests.unit.mail.servers import probe_of

from stagemail.mail.bounds import Bounds
from stagemail.mail.probe import SmtpProbe
from stagemail.model.probe import Basic, Extent, Letter, Mechanism, Probed, Security, Server
from stagemail.model.secret import Secret

SENDER, PERSON = "no-reply@example.com", "qa@example.com"
PATIENT = Bounds(resolve=60, connect=60, reply=120, total=240)


@pytest.fixture(scope="module")
def running() -> Iterator[Postfix]:
    require()
    with postfix() as made:
        yield made


def prober(running: Postfix, service: str) -> SmtpProbe:
    return probe_of({587: running.ports[service]}, running.authority, bounds=PATIENT)


def server(password: str | None = PASSWORD, security: Security = "starttls") -> Server:
    return Server(NAME, 587, security, Basic(USER, Secret(password)) if password else None)


def probed(running: Postfix, service: str, wanted: Server, extent: Extent) -> Probed:
    return prober(running, service).probe(wanted, extent)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize(("service", "security"), [("submission", "starttls"), ("smtps", "tls")])
def test_every_login_works_over_starttls_and_tls(
    running: Postfix, service: str, security: Security, mechanism: Mechanism
) -> None:
    extent = Extent(sender=SENDER, recipients=(PERSON,), mechanism=mechanism)
    found = probed(running, service, server(security=security), extent)
    assert found.passed, found.failure
    step = found.step("auth")
    assert step is not None and step.facts["mechanism"] == mechanism


def test_what_it_offers_is_told_with_its_certificate(running: Postfix) -> None:
    found = probed(running, "submission", server(), Extent(sender=SENDER))
    offered, tls = found.step("ehlo-secured"), found.step("starttls")
    assert offered is not None and tls is not None
    assert (offered.facts["size"], offered.facts["8bitmime"]) == (SIZE, True)
    assert set(offered.facts["auth"]) == {"PLAIN", "LOGIN", "CRAM-MD5"}
    assert tls.facts["names"] == (NAME,) and tls.facts["protocol"] == "TLSv1.3"


@pytest.mark.parametrize(
    ("service", "password", "sender", "recipient", "step", "code"),
    [
        ("submission", "wrong", SENDER, PERSON, "auth", "wrong-password"),
        ("relay", None, SENDER, "x@elsewhere.example", "rcpt-to", "relay-denied"),
        ("relay", None, SENDER, "nobody@example.com", "rcpt-to", "recipient-unknown"),
        ("relay", None, "not-me@example.com", PERSON, "mail-from", "sender-refused"),
        ("submission", None, SENDER, "x@elsewhere.example", "rcpt-to", "relay-denied"),
        ("relay", PASSWORD, SENDER, PERSON, "auth", "auth-not-offered"),
    ],
)
def test_what_postfix_refuses_is_explained(
    running: Postfix, service: str, password: str | None, sender: str, recipient: str, step: str, code: str
) -> None:
    found = probed(running, service, server(password), Extent(sender=sender, recipients=(recipient,)))
    failure = found.failure
    assert failure is not None, found
    assert (failure.name, failure.code) == (step, code), failure
    assert failure.reply or code == "auth-not-offered"


def test_greylisting_is_told_and_the_same_passes_later(running: Postfix) -> None:
    extent = Extent(sender=SENDER, recipients=(PERSON,))
    failure = probed(running, "greylisting", server(None), extent).failure
    assert failure is not None
    assert (failure.code, failure.retry, failure.reply[:3]) == ("greylisted", True, "450")
    assert probed(running, "greylisting", server(None), extent).passed


def test_a_message_arrives_as_it_is(running: Postfix) -> None:
    before = len(running.mailbox())
    begun: list[int] = []
    body = b"Subject: Dots\r\n\r\n.one\r\n..two\r\n.\r\nend\r\n"
    letter = Letter(SENDER, (PERSON, "crm-test@example.com"), body)
    sent = prober(running, "submission").send(server(), letter, lambda: begun.append(1))
    assert (sent.delivery, begun) == ("accepted", [1])
    arrived = running.delivered(before + 2)
    assert arrived[-1].endswith(b"\n\n.one\n..two\n.\nend\n")
    assert len(running.delivered(before + 2)) == before + 2


def test_a_message_over_the_limit_is_not_sent(running: Postfix) -> None:
    before = len(running.mailbox())
    letter = Letter(SENDER, (PERSON,), b"Subject: Big\r\n\r\n" + b"x" * SIZE)
    sent = prober(running, "submission").send(server(), letter, lambda: pytest.fail("nothing may be begun"))
    failure = sent.probed.failure
    assert failure is not None
    assert (sent.delivery, failure.name, failure.code) == ("not-sent", "mail-from", "too-large")
    assert len(running.mailbox()) == before

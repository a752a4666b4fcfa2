"""What everything that speaks with mail servers does: tells each step, sends nothing unless asked, hides secrets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.mail import servers
from tests.unit.mail.certificates import NAME, ensure_certificates

from stagemail.mail.memory import MemoryProbe
from stagemail.model.probe import Basic, Extent, Letter, Server
from stagemail.model.secret import Secret
from stagemail.ports import MailProbe

PASSWORD = "correct horse battery"
SENDER, PERSON, STRANGER = "no-reply@example.com", "crm-test@example.com", "refused@example.com"
LETTER = Letter(SENDER, (PERSON,), b"Subject: Hello\r\n\r\n.leading dot\r\n")


@dataclass
class Bench:
    """A probe, a server that takes one login and refuses one recipient, and what arrived there."""

    probe: MailProbe
    server: Server
    nobody: Server
    arrived: Callable[[], list[bytes]]

    def with_password(self, password: str) -> Server:
        return Server(
            self.server.host, self.server.port, self.server.security, Basic("mailer@example.com", Secret(password))
        )


@pytest.fixture(params=["memory", "smtp"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "smtp":
        with _smtp(tmp_path) as made:
            yield made
        return
    login = Basic("mailer@example.com", Secret(PASSWORD))
    memory = MemoryProbe({"smtp.example.com:587": {"mailer@example.com": PASSWORD}})
    memory.refused_recipients.add(STRANGER)
    yield Bench(
        memory,
        Server("smtp.example.com", 587, "starttls", login),
        Server("nobody.example.com", 587, "starttls", login),
        lambda: [letter.content for letter in memory.letters],
    )


@contextmanager
def _smtp(folder: Path) -> Iterator[Bench]:
    certificate, key = ensure_certificates(folder, NAME)
    handler = servers.Handler()
    with servers.served(handler, servers.server_context(certificate, key)) as port:
        login = Basic(servers.USER, Secret(PASSWORD))
        yield Bench(
            servers.probe_of({587: port, 2587: 1}, folder / "ca.pem"),
            Server(NAME, 587, "starttls", login),
            Server(NAME, 2587, "starttls", login),
            lambda: handler.arrived,
        )


def test_a_login_that_works_passes_and_sends_nothing(bench: Bench) -> None:
    probed = bench.probe.probe(bench.server, Extent(until="auth"))
    assert probed.passed
    assert probed.step("auth") is not None
    assert probed.step("mail-from") is None
    assert bench.arrived() == []


def test_sender_and_recipients_are_named_where_asked_and_nothing_is_sent(bench: Bench) -> None:
    probed = bench.probe.probe(bench.server, Extent(sender=SENDER, recipients=(PERSON,)))
    assert probed.passed
    assert [step.name for step in probed.steps if step.name in ("mail-from", "rcpt-to", "data")] == [
        "mail-from", "rcpt-to",
    ]  # fmt: skip
    assert bench.arrived() == []


def test_a_wrong_password_is_the_failure_of_the_login_with_its_cause_and_next_step(bench: Bench) -> None:
    probed = bench.probe.probe(bench.with_password("wrong"), Extent(sender=SENDER))
    failure = probed.failure
    assert failure is not None
    assert (failure.name, failure.code) == ("auth", "wrong-password")
    assert failure.cause and failure.next_step
    assert probed.step("mail-from") is None


def test_a_server_that_is_not_there_is_a_failed_step_and_no_exception(bench: Bench) -> None:
    failure = bench.probe.probe(bench.nobody, Extent()).failure
    assert failure is not None
    assert failure.name in ("resolve", "connect")


def test_a_refused_recipient_is_named(bench: Bench) -> None:
    failure = bench.probe.probe(bench.server, Extent(sender=SENDER, recipients=(PERSON, STRANGER))).failure
    assert failure is not None
    assert (failure.name, failure.code) == ("rcpt-to", "recipient-refused")
    assert STRANGER in failure.cause


def test_the_vantage_point_is_always_named(bench: Bench) -> None:
    assert bench.probe.probe(bench.server, Extent()).vantage
    assert bench.probe.probe(bench.nobody, Extent()).vantage


def test_a_letter_arrives_as_it_is_and_begin_was_called_before(bench: Bench) -> None:
    before: list[int] = []
    sent = bench.probe.send(bench.server, LETTER, lambda: before.append(len(bench.arrived())))
    assert (sent.delivery, before) == ("accepted", [0])
    assert bench.arrived() == [LETTER.content]


def test_a_letter_with_one_refused_recipient_is_not_sent_to_anybody(bench: Bench) -> None:
    begun: list[int] = []
    letter = Letter(SENDER, (PERSON, STRANGER), LETTER.content)
    sent = bench.probe.send(bench.server, letter, lambda: begun.append(1))
    assert (sent.delivery, begun, bench.arrived()) == ("not-sent", [], [])


def test_what_begin_raises_stops_the_letter(bench: Bench) -> None:
    def refuse() -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        bench.probe.send(bench.server, LETTER, refuse)
    assert bench.arrived() == []


def test_no_secret_shows_in_what_comes_back(bench: Bench) -> None:
    for password in (PASSWORD, "wr0ng-but-secret"):
        server = bench.with_password(password)
        shown = f"{server!r} {bench.probe.probe(server, Extent())!r} {bench.probe.send(server, LETTER, lambda: None)!r}"
        assert password not in shown

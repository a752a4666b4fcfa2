"""Make before break over real SMTP and TLS: a new password replaces the live one only once its server accepted it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.bench import PASSWORD, Bench

from odc_emulator.sink import MailSink, SinkSettings

NEW = "acceptance-new-password"
STAGE = "    dependsOn: [development]\n"


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(SinkSettings(tmp_path / "sink", user="mailer@example.com", password=NEW)) as running:
        yield running


def verified(bench: Bench, port: int, authority: Path, *, more: str = "") -> None:
    """The operator file asks for a trial, and says where smtp.example.com:587 is for this machine."""
    bench.change("stagemail.yaml", STAGE, f"{STAGE}    rotation: {{verify: smtp{more}}}\n")
    routes = f'{{"smtp.example.com:587": "127.0.0.1:{port}"}}'
    mail = f'mail: {{networks: ["127.0.0.0/8"], caFile: {authority}, routes: {routes}}}\n'
    bench.write("stagemail.yaml", bench.read("stagemail.yaml") + mail)


def test_a_password_that_the_server_accepts_is_pushed_and_nothing_was_sent(applied: Bench, sink: MailSink) -> None:
    verified(applied, sink.port, sink.settings.directory / "ca.pem")
    applied.environment["STAGEMAIL_SMTP_QA"] = NEW
    before = applied.mark()
    said = applied.run("apply", "qa", "--automatic").hides(NEW)
    said.shows("smtp.example.com:587 accepts the login", "nothing was sent", "qa: read back equal")
    assert applied.writes(before)["PATCH", "QA"] == 1
    assert applied.platform.secret_equals("QA", "password", NEW, "CRM")
    assert sink.inbox() == []


def test_a_password_that_the_server_refuses_leaves_the_old_one_and_exits_5(applied: Bench, sink: MailSink) -> None:
    verified(applied, sink.port, sink.settings.directory / "ca.pem")
    applied.environment["STAGEMAIL_SMTP_QA"] = "acceptance-mistyped-password"
    before = applied.mark()
    said = applied.run("apply", "qa", "--automatic", expect=5).hides("acceptance-mistyped-password")
    said.shows("smtp.example.com:587 refuses the login", "the credential that is live stays")
    assert applied.writes(before) == {}
    assert applied.platform.secret_equals("QA", "password", PASSWORD, "CRM")
    applied.environment["STAGEMAIL_SMTP_QA"] = NEW
    applied.run("apply", "qa", "--automatic").shows("accepts the login")


@pytest.mark.parametrize(("more", "code", "live"), [("", 5, PASSWORD), (", ifUnreachable: push", 0, NEW)])
def test_a_server_that_only_the_platform_reaches_is_the_operators_choice(
    applied: Bench, tmp_path: Path, more: str, code: int, live: str
) -> None:
    with MailSink(SinkSettings(tmp_path / "closed", user="mailer@example.com", password=NEW)) as closed:
        port, authority = closed.port, closed.settings.directory / "ca.pem"
    verified(applied, port, authority, more=more)
    applied.environment["STAGEMAIL_SMTP_QA"] = NEW
    said = applied.run("apply", "qa", "--automatic", expect=code)
    said.shows("smtp.example.com:587 could not be asked: connect", "the platform may reach it")
    assert applied.platform.secret_equals("QA", "password", live, "CRM")

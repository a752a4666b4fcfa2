"""Preflight and test messages as an admin runs them: over real SMTP and TLS, and killed in the worst moment."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from tests.acceptance.bench import PASSWORD, Bench
from tests.unit.mail import certificates
from tests.unit.mail.servers import Line, rogue, server_context

from odc_emulator.sink import MailSink, SinkSettings

NAME = "smtp.example.com"
SEND = ("send-test", "--stage", "qa", "--app", "CRM", "--template", "order.html", "--to", "someone@customer.example")
TEMPLATE = "<html><head><title>Order 7</title></head><body><p>Thank you</p></body></html>\n"


def allow(bench: Bench, port: int, authority: Path, *, more: str = "", networks: str = '"127.0.0.0/8"') -> None:
    """The operator file says where smtp.example.com:587 is, and whom it trusts."""
    routes = f'{{"{NAME}:587": "127.0.0.1:{port}"}}'
    mail = f"mail: {{networks: [{networks}], caFile: {authority}, routes: {routes}{more}}}\n"
    bench.write("stagemail.yaml", bench.read("stagemail.yaml") + mail)
    bench.write("order.html", TEMPLATE)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(SinkSettings(tmp_path / "sink", user="mailer@example.com", password=PASSWORD)) as running:
        yield running


def authority(sink: MailSink) -> Path:
    return sink.settings.directory / "ca.pem"


def test_preflight_is_green_and_sends_nothing(bench: Bench, sink: MailSink) -> None:
    allow(bench, sink.port, authority(sink))
    said = bench.run("preflight", "qa")
    said.shows("qa: smtp.example.com:587", "mechanism PLAIN", "days left", "seen from this machine")
    said.shows("1 of 1 stages passed; nothing was sent")
    bench.run("preflight", "development", expect=1).shows("the server takes no mail here without a login")
    found = json.loads(bench.run("preflight", "qa", "--format", "json", "--to", "qa@example.com").out)
    (stage,) = found["stages"]
    assert (found["kind"], stage["stage"], stage["passed"]) == ("preflight", "qa", True)
    names = [step["name"] for step in stage["steps"]]
    assert names == [
        "resolve", "connect", "greeting", "ehlo", "starttls", "ehlo-secured", "auth", "mail-from", "rcpt-to", "rset",
        "quit",
    ]  # fmt: skip
    tls = next(step for step in stage["steps"] if step["name"] == "starttls")
    assert tls["facts"]["names"] == [NAME] and tls["facts"]["daysLeft"] > 3000
    assert sink.inbox() == []


def test_preflight_refuses_what_is_no_address_before_any_server_is_called(bench: Bench) -> None:
    said = bench.run("preflight", "qa", "--to", "x@evil.example <a@good.example>", expect=1)
    said.shows("is no address", "names beside addresses are not taken")
    assert said.out == ""


def test_plan_tells_what_preflight_found_and_its_exit_code_stays(bench: Bench, sink: MailSink) -> None:
    allow(bench, sink.port, authority(sink))
    bench.run("plan", "qa", "--preflight").shows("Preflight passed", "smtp.example.com:587")
    bench.environment["STAGEMAIL_SMTP_QA"] = "wrong"
    said = bench.run("plan", "qa", "--preflight")
    said.shows("Preflight failed, seen from here and not from the platform", "auth: the server refuses")
    bench.run("preflight", "qa", expect=1).shows("fail", "auth", "compare both")


def test_a_stage_without_a_mail_server_is_tried_only_where_it_is_named(bench: Bench, sink: MailSink) -> None:
    allow(bench, sink.port, authority(sink))
    bench.git("rm", "-q", "environments/production/email.yaml")
    bench.change("environments/production/apps.yaml", "  configuration: production-relay\n", "")
    bench.run("preflight", expect=5).shows("1 of 2 stages passed").hides("production")
    bench.run("preflight", "production", expect=1).shows("has no configuration that these apps could use")
    bench.run("plan", "--preflight", expect=None).hides("no email configuration claims")


def test_addresses_inside_are_refused_unless_the_operator_allows_them(bench: Bench, sink: MailSink) -> None:
    allow(bench, sink.port, authority(sink), networks="")
    said = bench.run("preflight", "qa", expect=1)
    said.shows("is this machine (loopback)", 'add to `mail.networks` in the operator file: "127.0.0.1/32"')


def test_another_port_is_refused_before_a_credential_is_read(bench: Bench, sink: MailSink) -> None:
    allow(bench, sink.port, authority(sink))
    bench.change("environments/qa/email.yaml", "port: 587", "port: 2525")
    bench.unset("STAGEMAIL_SMTP_QA")
    bench.run("preflight", "qa", expect=1).shows("may not send the secret", "No secret store was asked")


def test_a_test_message_goes_to_the_test_list_only(bench: Bench, sink: MailSink) -> None:
    allow(bench, sink.port, authority(sink))
    said = bench.run(*SEND, "--cc", "c@customer.example", "--bcc", "b@customer.example")
    said.shows("accepted: test message", "to crm-test@example.com", "it replaces someone@customer.example")
    (message,) = sink.inbox()
    assert message["to"] == ["crm-test@example.com"]
    assert message["Subject"] == "[TEST qa] Order 7"
    assert "customer.example" not in json.dumps(message)
    assert message["user"] == "mailer@example.com" and message["tls"]


def test_where_real_users_get_mail_only_allowed_addresses_do(bench: Bench, sink: MailSink) -> None:
    allow(bench, sink.port, authority(sink), more=', testRecipients: ["@testers.example.com"]')
    to = ("send-test", "--stage", "production", "--template", "order.html", "--to")
    bench.run(*to, "someone@customer.example", expect=1).shows("nobody allowed test messages to", "mail.testRecipients")
    assert sink.inbox() == []
    bench.run(*to, "ada@testers.example.com").shows("accepted")
    assert [message["to"] for message in sink.inbox()] == [["ada@testers.example.com"]]


class Relay:
    """A server that stops at a point of the conversation and waits; counts whole messages."""

    def __init__(self, folder: Path, point: str) -> None:
        self._context = server_context(*certificates.ensure_certificates(folder, NAME))
        self._point = point
        self.reached, self.go_on = Event(), Event()
        self.messages = 0

    def _at(self, point: str) -> None:
        if point == self._point:
            self.reached.set()
            self.go_on.wait(120)

    def __call__(self, line: Line) -> None:
        line.say("220 hi")
        line.hear()
        line.say(f"250-{NAME}", "250 STARTTLS")
        line.hear()
        line.say("220 go")
        line.secure(self._context)
        line.hear()
        line.say(f"250-{NAME}", "250 AUTH PLAIN")
        for reply in ("235 in", "250 sender", "250 recipient"):
            line.hear()
            if reply == "250 recipient":
                self._at("before the books")
            line.say(reply)
        line.hear()
        self._at("at DATA")
        line.say("354 go")
        self._at("before the text")
        while line.hear() != ".":
            if line.is_over:
                return
        self.messages += 1
        self._at("before the answer")
        line.say("250 kept")
        self._at("after the answer")
        line.hear()


@pytest.mark.parametrize(
    "point", ["before the books", "at DATA", "before the text", "before the answer", "after the answer"]
)
def test_a_kill_around_data_never_leads_to_a_second_message(bench: Bench, tmp_path: Path, point: str) -> None:
    relay = Relay(tmp_path, point)
    with rogue(relay) as (port, _):
        allow(bench, port, tmp_path / "ca.pem")
        process = bench.start(*SEND)
        assert relay.reached.wait(120), f"the conversation comes to: {point}"
        process.send_signal(signal.SIGKILL)
        assert process.wait(120) == -signal.SIGKILL
        relay.go_on.set()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
        relay._point = "never"
        after = bench.run(*SEND, expect=None)
        again = bench.run(*SEND, expect=None)
    if point == "before the books":
        assert after.code == 0, "nothing had left, so it is sent now"
        return
    settled = point == "after the answer" and "unknown" not in after.text
    if not settled:
        for said in (after, again):
            assert said.code == 5
            said.shows("unknown", "nobody knows whether it left", "--as arrived", "--as lost")
        assert relay.messages <= 1


def test_a_person_decides_what_became_of_it(bench: Bench, tmp_path: Path) -> None:
    relay = Relay(tmp_path, "before the answer")
    with rogue(relay) as (port, _):
        allow(bench, port, tmp_path / "ca.pem")
        process = bench.start(*SEND)
        assert relay.reached.wait(120)
        process.kill()
        process.communicate(timeout=300)
        relay.go_on.set()
        relay._point = "never"
        found = json.loads(bench.run(*SEND, "--format", "json", expect=5).out)
        assert found["delivery"] == "unknown"
        bench.run("send-test", "--settle", found["message"]["id"], "--as", "lost").shows("settled as lost")
        bench.run(*SEND).shows("accepted")
    bench.run("send-test", "--settle", found["message"]["id"], "--as", "lost", expect=1).shows("waits for an answer")

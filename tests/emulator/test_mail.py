"""Apps that send real emails, and the sink that keeps them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from odc_emulator.certificates import ensure_certificates
from odc_emulator.profiles import PROFILES
from odc_emulator.seed import EMAIL_SECRET
from odc_emulator.server import EmulatorServer
from odc_emulator.sink import MailSink, SinkSettings

HOST = "smtp.example.com"


class Post:
    """A sink and an emulator whose apps find it under the name of a mail server."""

    def __init__(self, stack: ExitStack, directory: Path, profile: str, port: int, **sink: Any) -> None:
        self.sink = stack.enter_context(MailSink(SinkSettings(directory, HOST, **sink)))
        resolve = {f"{HOST}:{port}": f"127.0.0.1:{self.sink.port}"}
        options = {"limits": False, "resolve": resolve, "ca_file": directory / "ca.pem"}
        self.emulator = stack.enter_context(EmulatorServer(profile, **options))
        self.control = self.emulator.control
        values = {
            "host": HOST,
            "port": str(port),
            "senderName": "Example QA",
            "senderAddress": "no-reply@qa.example.com",
        }
        for field, value in values.items():
            self.control.set("QA", field, value)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Callable[..., Post]]:
    with ExitStack() as stack:

        def opener(profile: str = "guid-pending", port: int = 587, **sink: Any) -> Post:
            return Post(stack, tmp_path / "sink", profile, port, **sink)

        yield opener


def test_an_email_arrives_with_starttls_at_to_cc_and_bcc(post: Callable[..., Post]) -> None:
    office = post()
    report = office.control.send(
        "QA",
        "CRM",
        ["Customer <a@customer.example>"],
        cc=["b@customer.example"],
        bcc=["c@customer.example"],
        subject="Hi",
    )
    assert report["sent"], report
    assert report["envelope"] == {
        "from": "no-reply@qa.example.com",
        "to": ["a@customer.example", "b@customer.example", "c@customer.example"],
    }
    assert report["replies"][-1] == "250 2.0.0 kept as 000001"
    (message,) = office.sink.inbox()
    assert message["to"] == report["envelope"]["to"]
    assert message["tls"] is True
    assert message["From"] == "Example QA <no-reply@qa.example.com>"
    assert (message["Subject"], message["Cc"]) == ("Hi", "b@customer.example")
    assert "c@customer.example" not in (office.sink.settings.directory / "messages" / "000001.eml").read_text()


@pytest.mark.parametrize("profile", PROFILES)
def test_an_active_test_list_replaces_every_recipient(post: Callable[..., Post], profile: str) -> None:
    office = post(profile)
    office.control.set("QA", "testList", "qa1@example.com, qa2@example.com", app="CRM")
    office.control.set("QA", "testListActive", "true", app="CRM")
    report = office.control.send(
        "QA", "CRM", ["a@customer.example"], cc=["b@customer.example"], bcc=["c@customer.example"]
    )
    assert report["sent"], report
    (message,) = office.sink.inbox()
    assert message["to"] == ["qa1@example.com", "qa2@example.com"]
    assert "customer" not in message["To"]
    assert message["Cc"] is None


def test_only_what_is_live_counts(post: Callable[..., Post]) -> None:
    office = post()
    office.control.set("QA", "testList", "qa@example.com", app="CRM")
    office.control.set("QA", "testListActive", "true", app="CRM", pending=True)
    office.control.set("QA", "senderName", "Later", pending=True)
    assert office.control.send("QA", "CRM", ["a@customer.example"])["testList"] is False
    office.control.deploy("QA", "CRM")
    assert office.control.send("QA", "CRM", ["a@customer.example"])["testList"] is True
    assert [m["From"].split(" <")[0] for m in office.sink.inbox()] == ["Example QA", "Later"]


def test_an_active_and_empty_test_list_sends_to_nobody(post: Callable[..., Post]) -> None:
    office = post()
    office.control.set("QA", "testListActive", "true", app="CRM")
    report = office.control.send("QA", "CRM", ["a@customer.example"])
    assert (report["sent"], "test list is empty" in report["error"]) == (False, True)
    assert office.sink.inbox() == []


def test_basic_authentication_needs_the_right_password(post: Callable[..., Post]) -> None:
    office = post(user="mailer", password="hunter2")
    assert "Authentication required" in office.control.send("QA", "CRM", ["a@customer.example"])["error"]
    for field, value in {"authentication": "basic", "username": "mailer", "password": "wrong"}.items():
        office.control.set("QA", field, value)
    refused = office.control.send("QA", "CRM", ["a@customer.example"])
    assert "535" in refused["error"]
    office.control.set("QA", "password", "hunter2")
    assert office.control.send("QA", "CRM", ["a@customer.example"])["sent"] is True
    assert [m["user"] for m in office.sink.inbox()] == ["mailer"]


def test_oauth_fetches_a_token_and_uses_it(post: Callable[..., Post]) -> None:
    offices: list[Post] = []

    def check(token: str) -> bool:
        return offices[0].control.token_is_valid(token)

    offices.append(office := post(token_check=check))
    values = {
        "authentication": "oauth2",
        "tokenUrl": f"{office.emulator.url}/auth/realms/emulator/protocol/openid-connect/token",
        "clientId": "smtp-mailer",
        "clientSecret": "wrong",
    }
    for field, value in values.items():
        office.control.set("QA", field, value)
    assert "invalid_client" in office.control.send("QA", "CRM", ["a@customer.example"])["error"]
    office.control.set("QA", "clientSecret", EMAIL_SECRET)
    report = office.control.send("QA", "CRM", ["a@customer.example"])
    assert report["sent"], report
    assert office.sink.inbox()[0]["user"] == "no-reply@qa.example.com"


def test_port_465_speaks_tls_from_the_first_byte(post: Callable[..., Post]) -> None:
    office = post(port=465, implicit_tls=True)
    report = office.control.send("QA", "CRM", ["a@customer.example"])
    assert (report["sent"], report["tls"]) == (True, True)


def test_the_deployed_security_is_obeyed_where_there_is_such_an_entry(post: Callable[..., Post]) -> None:
    office = post("transport-security")
    office.control.set("QA", "security", "None")
    assert office.control.send("QA", "CRM", ["a@customer.example"])["tls"] is False
    office.control.set("QA", "security", "STARTTLS")
    assert office.control.send("QA", "CRM", ["a@customer.example"])["tls"] is True


def test_a_certificate_for_another_name_is_refused(post: Callable[..., Post]) -> None:
    office = post()
    office.emulator._platform.settings.resolve["mail.other.example:587"] = f"127.0.0.1:{office.sink.port}"  # type: ignore[index]
    office.control.set("QA", "host", "mail.other.example")
    report = office.control.send("QA", "CRM", ["a@customer.example"])
    assert report["sent"] is False
    assert "CERTIFICATE_VERIFY_FAILED" in report["error"]
    assert office.sink.inbox() == []


def test_an_app_without_a_configuration_says_what_is_missing(start: Callable[..., EmulatorServer]) -> None:
    control = start().control
    assert "no sender address" in control.send("QA", "CRM", ["a@customer.example"])["error"]
    control.set("QA", "senderAddress", "no-reply@example.com")
    assert "no SMTP server" in control.send("QA", "CRM", ["a@customer.example"])["error"]


def test_certificates_are_kept_and_their_keys_private(tmp_path: Path) -> None:
    certificate, key = ensure_certificates(tmp_path, HOST)
    before = certificate.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    assert ensure_certificates(tmp_path, HOST)[0].read_bytes() == before
    authority = (tmp_path / "ca.pem").read_bytes()
    ensure_certificates(tmp_path, "127.0.0.1")
    assert (tmp_path / "ca.pem").read_bytes() == authority

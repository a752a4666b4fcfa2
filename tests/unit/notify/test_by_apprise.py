"""apprise takes a notice to a service; the address, which holds its token, shows nowhere."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, get_args

import pytest
from aiosmtpd.controller import Controller
from tests.ports import free_port

from stagemail.errors import Unreachable, UserMustFix
from stagemail.model.notice import Notice, NoticeKind
from stagemail.model.secret import Secret
from stagemail.notify.by_apprise import AppriseNotifier
from stagemail.notify.mail_address import mail_address

NOTICE = Notice(
    "stalled", "qa", "a" * 40, "Stalled=True/HeldByGuard", "stagemail: qa needs somebody", "why & what next"
)


@pytest.fixture
def service() -> Iterator[tuple[int, list[Any], list[int]]]:
    taken: list[Any] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append((self.path, json.loads(self.rfile.read(int(self.headers["content-length"])))))
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, taken, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_notice_arrives(service: tuple[int, list[Any], list[int]]) -> None:
    port, taken, _ = service
    AppriseNotifier("ops", Secret(f"json://127.0.0.1:{port}/hunter2")).send(NOTICE)
    path, body = taken[0]
    assert path == "/hunter2"
    assert (body["title"], body["message"], body["type"]) == (NOTICE.title, NOTICE.body, "failure")


@pytest.mark.parametrize("kind", get_args(NoticeKind))
def test_a_notice_of_every_kind_arrives(service: tuple[int, list[Any], list[int]], kind: NoticeKind) -> None:
    port, taken, _ = service
    AppriseNotifier("ops", Secret(f"json://127.0.0.1:{port}/x")).send(replace(NOTICE, kind=kind))
    assert taken[0][1]["title"] == NOTICE.title


def test_a_service_that_refuses_or_is_away_is_unreachable(
    service: tuple[int, list[Any], list[int]], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    port, _, answers = service
    answers += [500]
    with caplog.at_level(logging.DEBUG):
        for where in (f"127.0.0.1:{port}", "127.0.0.1:9"):
            with pytest.raises(Unreachable, match="notification ops could not be sent") as raised:
                AppriseNotifier("ops", Secret(f"json://{where}/hunter2")).send(NOTICE)
            assert "hunter2" not in raised.value.sentence
            assert "stagemail preflight" in str(raised.value.hint), "for mail there is no address in a store"
    assert "hunter2" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("address", ["", "nonsense", "nosuch://hunter2", "syslog://", "hunter2 is my password"])
def test_what_is_no_address_is_said_without_it(address: str) -> None:
    with pytest.raises(UserMustFix, match="notification ops: its secret is no address") as raised:
        AppriseNotifier("ops", Secret(address))
    assert "hunter2" not in raised.value.sentence


class Inbox:
    """Takes every message."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.taken.append(envelope)
        return "250 taken"


def test_mail_goes_through_a_server_of_our_own() -> None:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), ready_timeout=60.0)
    controller.start()
    try:
        port = controller.port
        address = mail_address(
            host="127.0.0.1", port=port, security="none", username="", password=None, sender="no-reply@example.com",
            to=["ops@example.com", "night@example.com"],
        )  # fmt: skip
        AppriseNotifier("mail", address).send(NOTICE)
    finally:
        controller.stop()
    rcpt = {to for envelope in inbox.taken for to in envelope.rcpt_tos}
    assert rcpt == {"ops@example.com", "night@example.com"}
    assert {envelope.mail_from for envelope in inbox.taken} == {"no-reply@example.com"}
    message = message_from_bytes(inbox.taken[0].content)
    assert "qa needs somebody" in str(message["subject"])


def test_a_login_s_odd_characters_survive_and_security_is_kept() -> None:
    made = mail_address(
        host="smtp.example.com", port=587, security="starttls", username="mailer@example.com",
        password=Secret("p@ss:w/rd#?&%"), sender="a@example.com", to=["b@example.com"],
    ).reveal()  # fmt: skip
    assert made.startswith("mailtos://mailer%40example.com:p%40ss%3Aw%2Frd%23%3F%26%25@smtp.example.com:587/?")
    assert "mode=starttls" in made
    assert "mode=ssl" in mail_address(
        host="h", port=465, security="tls", username="", password=None, sender="a@b.c", to=["d@e.f"]
    ).reveal()  # fmt: skip
    with pytest.raises(UserMustFix, match="no recipient"):
        mail_address(host="h", port=25, security="none", username="", password=None, sender="a@b.c", to=[])

"""Make before break over real SMTP and TLS: a new password replaces the live one only once its server accepted it.

The same of an OAuth client's secret, over a real token endpoint: the emulated platform's own, behind TLS.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpcore2
import pytest
from tests.acceptance.bench import PASSWORD, Bench

from odc_emulator.certificates import ensure_certificates
from odc_emulator.identity import TOKEN_PATH
from odc_emulator.seed import EMAIL_SECRET
from odc_emulator.sink import MailSink, SinkSettings

NEW = "acceptance-new-password"
FORM = "application/x-www-form-urlencoded"
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


RETIRED, MISTYPED = "retired-client-secret", "mistyped-client-secret"
TOKEN_URL = "https://smtp.example.com:8443/token"


@contextmanager
def token_endpoint(platform: str, folder: Path) -> Iterator[int]:
    """The platform's token endpoint behind TLS, with the mail server's certificate; gives its port."""

    class Front(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"]))
            answer = httpcore2.request("POST", platform + TOKEN_PATH, headers={"Content-Type": FORM}, content=form)
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ensure_certificates(folder, "smtp.example.com"))
    with HTTPServer(("127.0.0.1", 0), Front) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_an_oauth_secret_is_pushed_only_once_its_token_endpoint_accepts_it(applied: Bench, tmp_path: Path) -> None:
    basic = applied.read("environments/qa/email.yaml").partition("  authentication:\n")[2].partition("  sender:")[0]
    oauth = f"""\
    type: oauth2
    tokenUrl: {TOKEN_URL}
    clientId: smtp-mailer
    clientSecret: {{secretRef: {{store: env, key: SMTP_QA}}}}
"""
    applied.change("environments/qa/email.yaml", basic, oauth)
    applied.change("stagemail.yaml", "keys: SMTP_QA, destinations: [", f'keys: SMTP_QA, destinations: ["{TOKEN_URL}", ')
    applied.environment["STAGEMAIL_SMTP_QA"] = RETIRED
    applied.run("apply", "qa").hides(RETIRED)
    settings = SinkSettings(tmp_path / "tokens", token_check=applied.platform.token_is_valid)
    with MailSink(settings) as sink, token_endpoint(applied.emulator.url, settings.directory) as port:
        verified(applied, sink.port, settings.directory / "ca.pem")
        applied.change("stagemail.yaml", "routes: {", f'routes: {{"smtp.example.com:8443": "127.0.0.1:{port}", ')
        applied.environment["STAGEMAIL_SMTP_QA"] = MISTYPED
        before = applied.mark()
        said = applied.run("apply", "qa", "--automatic", expect=5).hides(MISTYPED)
        said.shows("refuses the login", "invalid_client", "the credential that is live stays")
        assert applied.writes(before) == {}
        assert applied.platform.secret_equals("QA", "clientSecret", RETIRED, "CRM")
        applied.environment["STAGEMAIL_SMTP_QA"] = EMAIL_SECRET
        applied.run("apply", "qa", "--automatic").hides(EMAIL_SECRET).shows("accepts the login", "nothing was sent")
        assert applied.writes(before)["PATCH", "QA"] == 1
        assert applied.platform.secret_equals("QA", "clientSecret", EMAIL_SECRET, "CRM")
        assert sink.inbox() == []

"""Commands over a real record and the emulator, whose answers are replaced by ones that repeat every credential.

Run it with its count: ``python -m pytest -q tests/leaks/test_driving.py``.
Not here: the controller's edges (``test_edges``), single ways of showing (``tests/unit/model/test_secret``).
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx2
import pytest

from stagemail.cli.main import VERBS, main, stagemail
from stagemail.target.odc.transport import Answer, Transport
from stagemail.wiring.logins import VARIABLES
from tests.acceptance.bench import Bench
from tests.acceptance.test_make_before_break import verified
from tests.leaks.canaries import CANARIES, ENCODINGS, encoded, found
from tests.leaks.sinks import SOURCE, sinks
from tests.unit.mail import certificates
from tests.unit.mail.servers import Line, rogue, server_context

COMMANDS = (
    ("plan", "qa"), ("plan", "qa", "--no-secrets"), ("plan", "--automatic", "--format", "markdown"),
    ("plan", "qa", "--out", "qa.plan.json"), ("plan", "--format", "json"), ("apply", "qa"),
    ("apply", "qa", "--format", "json"), ("drift", "--format", "json"), ("drift",), ("status", "qa"),
    ("status", "--why"),
    ("status", "--format", "json"), ("history", "--format", "json"), ("history", "--format", "csv"), ("doctor",),
    ("secrets", "check"), ("secrets", "status"), ("secrets", "push", "qa"), ("target", "discover"),
    ("suspend", "qa", "--reason", "a rogue platform"), ("approve", "qa"), ("resume", "qa"),
    ("secrets", "rotate-key"),
)  # fmt: skip
UNREAD = (("plan", "qa", "--no-secrets"), ("target", "discover"), ("suspend", "qa", "--reason", "a rogue platform"))
"""Commands that do not read what the stages' documents name."""
ANSWERS = ("problem 400", "problem 403", "problem 500", "page 404", "broken 200", "no answer")
COUNTED: list[str] = []
"""Lines for the end of the report (``conftest``)."""


class Rogue:
    """Repeats the next texts, each planted credential in each encoding, in place of the platform's answers."""

    def __init__(self, planted: dict[str, str]) -> None:
        self.texts = [text for value in planted.values() for text in encoded(value).values()]
        self.kind = ""
        self.writes_only = False
        self.said: set[str] = set()
        self._at = 0

    def __call__(self, real: Any, transport: Transport, method: str, url: str, **more: Any) -> Answer:
        """The platform's place."""
        if not self.kind or (self.writes_only and method != "PATCH"):
            answer: Answer = real(transport, method, url, **more)
            return answer
        text = " ".join(self._next() for _ in range(4))
        if self.kind == "no answer":
            raise httpx2.ReadTimeout(text)
        status = int(self.kind.split()[1])
        if self.kind.startswith("page"):
            return Answer(status, "text/html", None, f"<html><title>{text}</title>{text}".encode())
        if self.kind.startswith("broken"):
            return Answer(status, "text/plain", None, text.encode())
        body = {"title": text, "detail": text, "error": text, "errorCode": text, "traceId": text}
        return Answer(status, "application/problem+json", text if text.isascii() else None, json.dumps(body).encode())

    def _next(self) -> str:
        self._at += 1
        text = self.texts[self._at % len(self.texts)]
        self.said.add(text)
        return text


class _Logs(logging.Handler):
    """Everything that any logger says, from DEBUG on."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(vars(record)))


@pytest.fixture
def logs() -> Iterator[list[str]]:
    handler, root = _Logs(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("half", [0, 1])
def test_no_canary_leaves_by_any_command(
    bench: Bench,
    logs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    half: int,
) -> None:
    names = ["STAGEMAIL_SMTP_QA", *VARIABLES]
    values = CANARIES[:11] if half == 0 else CANARIES[11:]
    planted = dict(zip(names, values, strict=False))
    bench.environment |= planted
    rogue, real = Rogue(planted), Transport.send

    def send(self: Transport, method: str, url: str, **more: Any) -> Answer:
        return rogue(real, self, method, url, **more)

    monkeypatch.setattr(Transport, "send", send)
    runs = 0
    for kind in ("", *ANSWERS):
        for command in COMMANDS if kind in ("", "problem 400") else COMMANDS[:8]:
            if kind and command in UNREAD:
                continue  # what was never read cannot be known: a platform that shows what it keeps is beyond any net
            rogue.kind, rogue.writes_only = kind, command[0] in ("apply", "secrets")
            said = _run(bench, *command)
            assert found(said) == [], f"{kind} {command}: {said}"
            runs += 1
    assert rogue.said == set(rogue.texts), "every encoding of every canary was said by the platform"
    assert found("\n".join(logs)) == [], "in a log"
    assert found(bench.files()) == [], "in the database, its journal, a plan or another file"
    COUNTED.append(
        f"{len(planted)} canaries × {len(ENCODINGS)} encodings = {len(planted) * len(ENCODINGS)} forms in "
        f"{len(ANSWERS)} kinds of answer: {runs} commands, {len(logs)} log lines, "
        f"{len(sinks(SOURCE))} sinks in the code: none found"
    )


class Echo:
    """A mail server that repeats what it was told in AUTH, and each form of the credential, wherever it may speak."""

    def __init__(self, folder: Path, value: str) -> None:
        self._context = server_context(*certificates.ensure_certificates(folder, "smtp.example.com"))
        forms = [text.replace("\r", " ").replace("\n", " ") for text in encoded(value).values()]
        self._forms = [text.encode().decode("latin-1")[:400] for text in forms]  # what is sent: its bytes
        self.heard_auth = 0

    def __call__(self, line: Line) -> None:
        line.socket.sendall(self._reply("220", "hi"))
        line.hear()
        line.socket.sendall(self._reply("250", "STARTTLS"))
        line.hear()
        line.say("220 go")
        line.secure(self._context)
        line.hear()
        line.socket.sendall(self._reply("250", "AUTH PLAIN LOGIN CRAM-MD5"))
        while text := line.hear():
            self.heard_auth += text.upper().startswith("AUTH")
            line.socket.sendall(self._reply("535", f"5.7.8 no: {text}"))

    def _reply(self, code: str, last: str) -> bytes:
        lines = [f"{code}-{form}" for form in self._forms] + [f"{code} {last}"]
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


MAILING = (
    ("preflight", "qa"), ("preflight", "qa", "--format", "json"), ("plan", "qa", "--preflight"),
    ("apply", "qa", "--automatic"),
    ("send-test", "--stage", "qa", "--app", "CRM", "--template", "order.html", "--to", "qa@example.com"),
    ("send-test", "--stage", "qa", "--app", "CRM", "--template", "order.html", "--to", "qa@example.com",
     "--format", "json"),
)  # fmt: skip
"""What logs in at the mail server; the apply tries a rotated credential first."""


@pytest.mark.parametrize("number", range(len(CANARIES)))
def test_no_canary_comes_back_from_a_mail_server_that_repeats_it(
    applied: Bench, logs: list[str], tmp_path: Path, number: int
) -> None:
    value = CANARIES[number]
    echo = Echo(tmp_path, value)
    with rogue(echo) as (port, _):
        verified(applied, port, tmp_path / "ca.pem")
        applied.write("order.html", "<html><head><title>Order</title></head><body>hello</body></html>")
        applied.environment["STAGEMAIL_SMTP_QA"] = value
        for command in MAILING:
            said = _run(applied, *command)
            assert found(said) == [], f"{command}: {said}"
    assert echo.heard_auth or "\n" in value, "the login was tried"
    assert found("\n".join(logs)) == [], "in a log"
    assert found(applied.files()) == [], "in the database, its journal, the books or another file"


def _run(bench: Bench, *command: str) -> str:
    """A command with --debug; without the checks of ``Bench.run`` that forbid a traceback."""
    for name, value in bench.environment.items():
        bench._monkeypatch.setenv(name, value)
    bench._monkeypatch.chdir(bench.repository)
    bench._capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["--debug", *command])
    captured = bench._capsys.readouterr()
    assert captured.out + captured.err
    return captured.out + "\n" + captured.err


def test_every_verb_is_driven_or_says_why_not() -> None:
    asked = {command[0] for command in (*COMMANDS, *MAILING)}
    without = set(VERBS) - asked
    known = {
        "init", "validate", "explain", "compare", "schema", "completion",  # read Git alone, no credential
        "demo",  # plays its own story with its own password
        "import",  # its credential is the client's own: tests/acceptance/test_import.py
        "controller",  # tests/leaks/test_edges.py
        "inbox",  # mail that others sent; the process knows no credential but its own
        "check-sender",  # asks DNS alone and reads no credential
        "review",  # reads one file of its user, no credential: tests/unit/cli/test_review.py
    }  # fmt: skip
    new = {
        verb
        for verb in without - known
        if isinstance(stagemail.get_command(click.Context(stagemail), verb), click.Command)
    }
    assert not new, (
        f"{sorted(new)}: add the verb to COMMANDS in tests/leaks/test_driving.py, so that it is driven with canaries"
    )

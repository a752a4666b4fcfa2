"""Commands over a real record and a server in front of the emulator that answers with every credential (``hostile``).

Run it with its count: ``python -m pytest -q tests/leaks/test_driving.py``.
Not here: the controller's edges (``test_edges``), single ways of showing (``tests/unit/model/test_secret``).
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest

from stagemail.cli.group import VERBS, stagemail
from stagemail.cli.main import main
from stagemail.wiring.logins import VARIABLES
from tests.acceptance.bench import Bench
from tests.acceptance.test_make_before_break import verified
from tests.leaks.canaries import CANARIES, ENCODINGS, encoded, found
from tests.leaks.hostile import ANSWERS, DOORS, Hostile, hostile
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
COUNTED: list[str] = []
"""Lines for the end of the report (``conftest``)."""


class _Logs(logging.Handler):
    """Everything that any logger says, from DEBUG on."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(vars(record)))


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    end = ThreadPoolExecutor.shutdown  # a process ends after its threads; here they would outlive their command's net
    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", lambda self, **named: end(self, **{**named, "wait": True}))
    handler, root = _Logs(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(before)


def behind(bench: Bench, server: Hostile, client_secret: str) -> None:
    """The operator file names the hostile server, and the API client has a planted secret."""
    bench.change("stagemail.yaml", f"domain: {bench.emulator.url}", f"domain: {server.url}")
    bench.platform.portal("change-client", client="stagemail-ci", secret=client_secret)
    bench.environment["STAGEMAIL_ODC_CLIENT_SECRET"] = client_secret


@pytest.mark.parametrize("half", [0, 1])
def test_no_canary_leaves_by_any_command(bench: Bench, logs: list[str], half: int) -> None:
    names = ["STAGEMAIL_SMTP_QA", "STAGEMAIL_ODC_CLIENT_SECRET", *VARIABLES]
    values = CANARIES[:11] if half == 0 else CANARIES[11:]
    planted = dict(zip(names, values, strict=False))
    bench.environment |= planted
    said: list[str] = []
    with hostile(bench.emulator.url, planted) as server:
        behind(bench, server, planted["STAGEMAIL_ODC_CLIENT_SECRET"])
        for number, kind in enumerate(("", *ANSWERS)):
            if kind:
                bench.platform.set("QA", "port", str(2600 + number))  # something to write and to make live
            for at, command in enumerate(_of(kind, half)):
                writes = command[0] == "apply"
                server.kind, server.door = kind, DOORS[1 + (number + half) % 2 if writes else (number + at) % 4]
                server.writes_only = writes
                said.append(_run(bench, *command))
                assert found(said[-1]) == [], f"{kind} at {server.door} {command}: {said[-1]}"
        known = len(logs)  # an import reads the client's secret alone, so it knows no other
        if half == 0:
            said += [_imported(bench, server, kind) for kind in ("", "echo 400", "headers 400")]
    assert server.said == set(server.texts), "every encoding of every canary was said by the platform"
    assert {kind for kind, _ in server.answered} == set(ANSWERS) and {door for _, door in server.answered} == set(DOORS)
    heard = tuple(sorted(server.heard))
    assert planted["STAGEMAIL_ODC_CLIENT_SECRET"] in heard and len(heard) > 1, "it knows our secret and our tokens"
    for what in ("\n".join(said), "\n".join(logs), bench.files()):
        assert found(what, heard) == [], "what the platform was shown came back"
    assert found("\n".join(logs[:known])) == [], "in a log"
    assert found(bench.files()) == [], "in the database, its journal, a plan or another file"
    COUNTED.append(
        f"{len(planted)} canaries × {len(ENCODINGS)} encodings = {len(planted) * len(ENCODINGS)} forms in "
        f"{len(ANSWERS)} kinds of answer at {len(DOORS)} doors of a server: {len(said)} commands, {len(logs)} log "
        f"lines, {len(sinks(SOURCE))} sinks in the code: none found"
    )


def _of(kind: str, half: int) -> Iterator[tuple[str, ...]]:
    """The commands that meet this kind of answer: all of them the friendly one and one hostile, else those that work.

    What was never read cannot be known: a platform that shows what it keeps is beyond any net.
    """
    chosen = COMMANDS if kind in ("", "problem 400") else COMMANDS[half:9:2]
    return (command for command in chosen if not (kind and command in UNREAD))


def _imported(bench: Bench, server: Hostile, kind: str) -> str:
    """An import into an empty folder; the platform's own settings are what it shows, its secrets are not."""
    server.kind, server.door, server.writes_only = kind, "/identity", False
    folder = bench.repository / "imported" / (kind.replace(" ", "-") or "plain")
    folder.mkdir(parents=True)
    return _run(bench, "import", "--domain", server.url, "--client-id", "stagemail-ci", cwd=folder)


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


def _run(bench: Bench, *command: str, cwd: Path | None = None) -> str:
    """A command with --debug; without the checks of ``Bench.run`` that forbid a traceback."""
    for name, value in bench.environment.items():
        bench._monkeypatch.setenv(name, value)
    bench._monkeypatch.chdir(cwd or bench.repository)
    bench._capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["--debug", *command])
    captured = bench._capsys.readouterr()
    assert captured.out + captured.err
    assert "defect of stagemail" not in captured.err, captured.err
    return captured.out + "\n" + captured.err


def test_every_verb_is_driven_or_says_why_not() -> None:
    asked = {command[0] for command in (*COMMANDS, *MAILING)}
    without = set(VERBS) - asked
    known = {
        "init", "validate", "explain", "compare", "schema", "completion",  # read Git alone, no credential
        "demo",  # plays its own story with its own password
        "import",  # driven by itself, as it works in an empty folder
        "controller",  # tests/leaks/test_edges.py
        "worker",  # the same passes as the controller: tests/leaks/test_edges.py
        "state",  # the record alone; a password in its address: tests/unit/record/test_postgresql.py
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

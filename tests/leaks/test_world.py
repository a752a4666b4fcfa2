"""A controller with all its edges against a world that turns hostile, over real connections.

The platform calls its apps and a stage like the credentials, and answers with them; so do the Git host that takes
commit statuses, the service that takes notifications and the collector that takes traces, each repeating what it was
shown, logins included. What is looked through: everything that the process prints (libraries' logs at DEBUG and the
wire of ``http.client`` among it), its pages and metrics, its answers to webhooks, what those services were told, the
database, and every object of the documents' and the journal's repository.
"""

import base64
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

import httpx2
import pytest

from stagemail.wiring.logins import VARIABLES
from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import remote
from tests.acceptance.test_journal import BRANCH
from tests.leaks.canaries import CANARIES, ENCODINGS, encoded, found
from tests.leaks.hostile import DOORS, Hostile, hostile
from tests.leaks.test_branch import _everything
from tests.leaks.test_driving import COUNTED, _run, behind, logs
from tests.unit.secret.answering import Answer, Call, serving

__all__ = ["logs"]

EMAIL = "environments/qa/email.yaml"
APPS = ("Billing", "CRM", "FieldApp", "Portal", "PortalAdmin")
KINDS = ("problem 400", "headers 400", "echo 400", "broken 200", "redirect 302", "cut 200")
PREFIX = "STAGEMAIL_"
OWN = {
    "STAGEMAIL_ODC_CLIENT_SECRET": 2, "STAGEMAIL_SMTP_QA": 9, PREFIX + "HOOK_ONE": 3, PREFIX + "HOOK_TWO": 13,
    PREFIX + "STATUS_TOKEN": 0, PREFIX + "NOTIFY_PASSWORD": 4, PREFIX + "NOTIFY_TOKEN": 16,
    PREFIX + "JOURNAL_KEY": 20, "OTEL_TOKEN": 19,
}  # fmt: skip
"""What the controller itself uses, by the number of its canary; the variables of other logins get the rest."""
AT_ONCE = ("STAGEMAIL_ODC_CLIENT_SECRET", "OTEL_TOKEN")
"""Those of them that are known before a platform says the first word."""


def planted() -> dict[str, str]:
    rest = [value for number, value in enumerate(CANARIES) if number not in OWN.values()]
    return {name: CANARIES[number] for name, number in OWN.items()} | dict(zip(VARIABLES, rest, strict=True))


def forms(values: dict[str, str]) -> list[str]:
    """Every form of every canary, as it can stand in a name."""
    return [" ".join(text.split()) for value in values.values() for text in encoded(value).values()]


def open_to_any_name(bench: Bench) -> None:
    """The apps and the stage are found whatever the platform calls them."""
    bench.change("environments/qa/apps.yaml", "apps: [CRM]", 'apps: ["CRM*"]')
    bench.change("environments/qa/apps.yaml", '["Portal*", FieldApp]', '["Portal*", "FieldApp*"]')
    bench.change("environments/qa/apps.yaml", "except: [PortalAdmin]", 'except: ["PortalAdmin*"]')
    bench.change("environments/shared/apps.yaml", "[Billing, PortalAdmin]", '["Billing*", "PortalAdmin*"]')
    key = bench.platform.portal("rename-stage", stage="QA", name="QA")["key"]
    bench.change("stagemail.yaml", "environment: QA", f"environment: {key}")


def call(bench: Bench, names: dict[str, str], texts: list[str]) -> None:
    """Rename the apps and the stage; ``names`` holds what they are called now."""
    share = -(-len(texts) // (len(APPS) + 1))
    for number, app in enumerate((*APPS, "QA")):
        name = " ".join((app, *texts[number * share : (number + 1) * share]))
        if app == "QA":
            bench.platform.portal("rename-stage", stage=names[app], name=name)
        else:
            bench.platform.portal("rename-app", app=names[app], name=name)
        names[app] = name


@pytest.mark.parametrize("half", [0, 1])
def test_no_canary_leaves_by_the_names_that_a_platform_gives(bench: Bench, logs: list[str], half: int) -> None:
    values = CANARIES[:11] if half == 0 else CANARIES[11:]
    known = dict(zip(("STAGEMAIL_SMTP_QA", "STAGEMAIL_ODC_CLIENT_SECRET", *VARIABLES), values, strict=False))
    bench.platform.portal("change-client", client="stagemail-ci", secret=known["STAGEMAIL_ODC_CLIENT_SECRET"])
    bench.environment |= known
    open_to_any_name(bench)
    names, texts, said = {app: app for app in (*APPS, "QA")}, forms(known), list[str]()
    turns = 3
    for turn in range(turns):
        call(bench, names, texts[turn::turns])
        bench.change(EMAIL, "name: Example QA", f"name: Example QA {turn}")
        for command in (
            ("plan", "qa"), ("apply", "qa"), ("status", "qa", "--why"), ("plan", "qa", "--format", "markdown"),
            ("apply", "qa", "--format", "json"), ("secrets", "status"), ("history", "--format", "json"),
            ("drift", "qa"), ("target", "discover", "--write"),
        ):  # fmt: skip
            said.append(_run(bench, *command))
            assert found(said[-1]) == [], f"{command}: {said[-1]}"
        if turn == 0:
            assert bench.writes()["PATCH", "QA"] or any(where == "PATCH" for where, _ in bench.writes()), said
            assert _run(bench, "plan", "qa", "--detailed-exitcode").count("identity-changed") == 0, "known again"
    assert "CRM ***" in "".join(said), "the names were shown, without the credentials"
    assert found("\n".join(logs)) == [] and found(bench.files()) == []
    COUNTED.append(
        f"names of apps, stages: {len(known)} canaries × {len(ENCODINGS)} encodings, {len(said)} commands: none found"
    )


@dataclass
class World:
    """Git host, notification service and collector in one: what each was told, and the hostile server in front."""

    front: Hostile
    told: list[tuple[str, bytes]] = field(default_factory=list)

    def of(self, start: str) -> list[bytes]:
        return [body for path, body in list(self.told) if path.startswith(start)]


@contextmanager
def world(values: dict[str, str]) -> Iterator[World]:
    told: list[tuple[str, bytes]] = []

    def answer(call: Call) -> Answer:
        told.append((call.path, call.body))
        return Answer(201, {})

    with serving(answer) as real, hostile(real.url, values) as front:
        front.door = "/"
        yield World(front, told)


PROGRAM = """
import http.client, logging
logging.basicConfig(level=logging.DEBUG)
http.client.HTTPConnection.debuglevel = 1
from stagemail.cli.main import main
main()
"""


class Controller:
    """The process, and every line that it prints."""

    def __init__(self, bench: Bench, *more: str) -> None:
        self.lines: list[str] = []
        self.url = ""
        self._bench = bench
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "--debug", "controller", *more], cwd=bench.repository,
            env={**os.environ, **bench.environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self.lines.extend(iter(self._process.stdout.readline, ""))

    def __enter__(self) -> "Controller":
        self.until(lambda: any("listening on 127" in line for line in self.lines), "it listens")
        line = next(line for line in self.lines if "listening on 127" in line)
        self.url = f"http://{line.split('listening on ')[1].strip()}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(120) == 0
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 180
        while not holds():
            assert time.monotonic() < end and self._process.poll() is None, f"{what}: {''.join(self.lines)[-4000:]}"
            time.sleep(0.05)

    def get(self, path: str) -> str:
        answer = httpx2.get(f"{self.url}{path}", trust_env=False, timeout=120)
        return f"{answer.headers} {answer.text}"

    def post(self, hook: str, body: bytes, headers: dict[str, bytes | str]) -> tuple[int, str]:
        given = list(headers.items())
        answer = httpx2.post(f"{self.url}/hooks/{hook}", content=body, headers=given, trust_env=False, timeout=120)
        return answer.status_code, f"{answer.status_code} {answer.headers} {answer.text}"


def signed(secret: str, body: bytes) -> dict[str, bytes | str]:
    message, at = f"msg-{time.monotonic_ns()}", int(time.time())
    mac = hmac.new(secret.encode(), f"{message}.{at}.".encode() + body, sha256).digest()
    signature = f"v1,{base64.b64encode(mac).decode()}"
    return {"webhook-id": message, "webhook-timestamp": str(at), "webhook-signature": signature}


def set_up(bench: Bench, values: dict[str, str], world: World) -> None:
    """All edges lead into the hostile world; nothing is looked at again by itself while the test runs."""
    audit = bench.folder / "audit.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(audit)], check=True)
    remote(bench)
    where = world.front.url.removeprefix("http://")
    secret = "{secretRef: {store: env, key: %s}}"
    text = re.sub("controller: .*", "controller: {poll: 30d, observe: 30d}", bench.read("stagemail.yaml"))
    statuses = f"{{type: github, url: 'http://{where}', repository: acme/mail, token: {secret % 'STATUS_TOKEN'}}}"
    text = text.replace("source: {url:", f"source: {{statuses: {statuses}, url:")
    events = "events: [applied, stalled, not-ready, ready, source]"
    text += (
        f"web: {{listen: '127.0.0.1:0', hooks: {{one: {{type: generic, secret: {secret % 'HOOK_ONE'}}},"
        f" two: {{type: gitlab, secret: {secret % 'HOOK_TWO'}}}}}}}\n"
        f"notifications: {{ops: {{url: {secret % 'NOTIFY_OPS'}, {events}, again: 1s}},"
        f" more: {{url: {secret % 'NOTIFY_MORE'}, {events}, again: 1s}}}}\n"
        f"journal: {{branch: {BRANCH}, url: 'file://{audit}', key: {secret % 'JOURNAL_KEY'}, every: 10s}}\n"
    )
    bench.write("stagemail.yaml", text)
    token = values["OTEL_TOKEN"]
    bench.environment |= {
        **{name: value for name, value in values.items() if name != "OTEL_TOKEN"},
        PREFIX + "NOTIFY_OPS": f"json://ops:{quote(values[PREFIX + 'NOTIFY_PASSWORD'], safe='')}@{where}/notify",
        PREFIX + "NOTIFY_MORE": f"json://{where}/notify/{values[PREFIX + 'NOTIFY_TOKEN']}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": world.front.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{quote(token, safe='')}",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    push(bench)


def push(bench: Bench) -> None:
    bench.git("push", "--quiet", "origin", "HEAD:main")


def asked(controller: Controller, values: dict[str, str], text: str) -> str:
    """Everything that a webhook may be asked wrongly; gives the answers."""
    body = json.dumps({"ref": f"refs/heads/{text}", "repository": {"full_name": text}}).encode()
    one, two = values[PREFIX + "HOOK_ONE"], values[PREFIX + "HOOK_TWO"]
    line = text.encode().decode("latin-1", "replace").replace("\n", " ").encode("latin-1", "replace")
    wrong: list[tuple[str, bytes, dict[str, bytes | str]]] = [
        (quote(text, safe=""), body, {}),
        ("one", body, {}),
        ("one", body, signed(one, b"another body")),
        ("one", body, signed(one, body) | {"webhook-id": line}),
        ("one", b"{" + line, signed(one, b"{" + line) | {"content-type": line}),
        ("two", body, {"x-gitlab-token": two.encode() + b"x", "x-gitlab-event": "Push Hook"}),
        ("two", body, {"x-gitlab-token": two.encode(), "content-encoding": line}),
        ("two", body, {"x-gitlab-token": two.encode(), "x-gitlab-event": line}),
        ("two", body, {"x-gitlab-token": two.encode(), "x-gitlab-event": "Push Hook"}),
    ]
    return "\n".join(controller.post(*each)[1] for each in wrong)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_canary_leaves_a_controller_in_a_hostile_world(bench: Bench, log_format: str) -> None:
    values = planted()
    assert len(values) == len(CANARIES) == 22
    names = {app: app for app in (*APPS, "QA")}
    pages: list[str] = []
    with ExitStack() as stack:
        platform = stack.enter_context(hostile(bench.emulator.url, values))
        around = stack.enter_context(world(values))
        behind(bench, platform, values["STAGEMAIL_ODC_CLIENT_SECRET"])
        open_to_any_name(bench)
        at_once = {name: value for name, value in values.items() if name not in OWN or name in AT_ONCE}
        call(bench, names, forms(at_once))  # the others are known once they were used: what nobody read no net knows
        set_up(bench, values, around)
        with Controller(bench, "--log-format", log_format) as controller:
            controller.until(lambda: len(around.of("/notify")) > 0, "people are told of the first write")
            controller.until(lambda: len(around.of("/repos/acme/mail/statuses/")) > 2, "the commit shows it")
            controller.until(lambda: len(around.of("/v1/traces")) > 0, "traces arrive")
            controller.until((bench.folder / "audit.git" / "refs" / "heads" / BRANCH).exists, "it was copied")
            for number, kind in enumerate(KINDS):
                pages.append(asked(controller, values, " ".join(around.front.texts[number::31][:3])))
                platform.door, platform.writes_only = DOORS[1 + number % 2], True
                platform.kind = around.front.kind = kind
                bench.change(EMAIL, "name: Example QA", f"name: Example QA {number}")
                push(bench)
                body = json.dumps({"ref": "refs/heads/main"}).encode()
                assert controller.post("one", body, signed(values[PREFIX + "HOOK_ONE"], body))[0] == 202
                met = ((kind, platform.door), (kind, around.front.door))
                controller.until(
                    lambda met=met: met[0] in platform.answered and met[1] in around.front.answered,
                    f"both met {kind}",
                )
                pages += [controller.get(path) for path in ("/", "/healthz", "/readyz", "/metrics")]
                platform.kind = around.front.kind = ""
            pages += [controller.get(path) for path in ("/", "/healthz", "/readyz", "/metrics")]
    shown = {
        "the log and the wire": "".join(controller.lines),
        "the pages and the hooks' answers": "\n".join(pages),
        "what services were told": b"\n".join(body for _, body in around.told),
        "the documents' repository": _everything(bench.folder / "remote.git"),
        "the journal's branch": _everything(bench.folder / "audit.git"),
        "the database and its neighbours": bench.files(),
    }
    tokens = tuple(sorted(text for text in platform.heard if len(text) > 8))
    for where, what in shown.items():
        assert len(what) > 200, f"{where} is not empty"
        assert found(what) == [], f"in {where}"
        assert found(what, tokens) == [], f"a token of the platform, in {where}"
    assert "send: b" in shown["the log and the wire"], "the wire was logged"
    COUNTED.append(
        f"controller ({log_format} log): {len(values)} canaries × {len(ENCODINGS)} encodings = "
        f"{len(values) * len(ENCODINGS)} forms in names and in {len(KINDS)} kinds of answer of 4 services: "
        f"{len(controller.lines)} lines, {len(pages)} answers of its port, {len(around.told)} messages: none found"
    )

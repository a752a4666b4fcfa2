"""One repository beside one emulated platform, changed case by case, and what has to hold after each.

Everything is real but the platform: git, the database, processes, HTTP. Not here: which cases there are (``cases``).
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from odc_emulator.seed import SECRET, generated_seed
from odc_emulator.server import EmulatorServer
from odc_emulator.sink import MailSink, SinkSettings
from tests.failpoints.instrument import Kind
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SPEED = 100
PATIENCE = 600.0
"""Seconds of real time that anything may take; so many that no busy machine decides a case."""
STOPS_WITHIN = 10.0
PREFIX = "STAGEMAIL_"
APPS = ("App0001", "App0002")
GIT = ["git", "-c", "user.name=Ada Admin", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
OPERATOR = """apiVersion: stagemail/v1
kind: Operator
source: {SOURCE}
state: STATE
controller: {poll: 10s, observe: 30s}
targets:
  odc:
    type: odc
    domain: DOMAIN
    credentials: {clientId: stagemail-ci, clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET}}}
stages:
  qa: {target: odc, environment: Development, purpose: development, sync: {automated: true, selfHeal: all}}
secretStores: {env: {type: env, prefix: STAGEMAIL_}}
grants: [{stages: [qa], store: env, keys: SMTP_QA, destinations: ["smtp.example.com:587"]}]
guards: {development: {massChange: {absolute: 1000, relative: 100%}}}
notifications: {ops: {url: {secretRef: {store: env, key: NOTIFY}}, events: [applied, stalled]}}
mail: {networks: ["127.0.0.0/8"], caFile: AUTHORITY, routes: {"smtp.example.com:587": "127.0.0.1:SINKPORT"}}
"""
EMAIL = """apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {name: relay}
spec:
  server: {host: smtp.example.com, port: 587}
  authentication: {type: basic, username: mailer, password: {secretRef: {store: env, key: SMTP_QA}}}
  sender: {name: "Sender 0", address: no-reply@example.com}
  recipients: {mode: test-list, testList: [{name: Team, address: team@example.com}]}
---
apiVersion: stagemail/v1
kind: AppBinding
metadata: {name: app}
spec: {apps: [App0001], recipients: {mode: test-list, testList: [{name: App, address: app-0@example.com}]}}
---
apiVersion: stagemail/v1
kind: AppBinding
metadata: {name: other}
spec: {apps: [App0002]}
"""


@dataclass(frozen=True, slots=True)
class Said:
    """How a process ended and what it said; whether the failpoint was ``reached``, and the ``seconds`` since then."""

    code: int
    out: str
    err: str
    reached: bool
    seconds: float

    @property
    def text(self) -> str:
        """Everything that it said."""
        return f"{self.out}\n{self.err}"


class Launcher:
    """The warmed process that forks the children."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.failpoints.launcher"], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, **what: Any) -> Any:
        """One question, one answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the launcher ended"
        return json.loads(line)

    def kill(self) -> None:
        """End it as a machine does that has no memory left."""
        self._process.kill()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()


class Ears:
    """An HTTP server that takes every message: notifications and commit statuses."""

    def __init__(self) -> None:
        heard = self.heard = list[dict[str, Any]]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", "0"))
                body = self.rfile.read(length)
                if len(body) < length:  # who spoke was killed in the middle
                    self.close_connection = True
                    return
                heard.append({"path": self.path, "body": json.loads(body or b"null")})
                self.send_response(201)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True, slots=True)
class State:
    """Where the record lies. ``text``: as `state:` names it, "" for a file; ``forget``: as if it had never been."""

    text: str = ""
    forget: Callable[[], None] = lambda: None


class World:
    """An organization of two apps and a repository that describes it; ``change`` makes the next case's commit."""

    def __init__(self, folder: Path, launcher: Launcher, state: State = State()) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self._forget = state.forget
        self.state = state.text or f"sqlite:///{folder / 'stagemail.db'}"
        self.number = 0
        self.seconds = 0.0
        """How long the last stop took."""
        self.secret = "smtp-secret-0"
        self.mail_port = free_port()
        self._launcher = launcher
        self._stack = ExitStack()
        self.ears = Ears()
        self._stack.callback(self.ears.close)
        seed = generated_seed(len(APPS), 1)
        seed.stages[0].name, seed.stages[0].purpose = "Development", "Development"
        began = datetime.now(UTC).isoformat()
        self.emulator = self._stack.enter_context(
            EmulatorServer("guid-pending", speed=SPEED, seed=seed, limits=False, operation_seconds=1.0)
        )
        self.platform = self.emulator.control
        self._clock = f"{SPEED}@{began}"
        self._make()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _make(self) -> None:
        remote = self.folder / "remote.git"
        self.repository.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch", "main")
        (self.repository / "environments" / "qa").mkdir(parents=True)
        operator = OPERATOR.replace("DOMAIN", self.emulator.url).replace("STATE", self.state)
        operator = operator.replace("AUTHORITY", str(self.folder / "sink" / "ca.pem")).replace(
            "SINKPORT", str(self.mail_port)
        )
        statuses = f"statuses: {{type: gitea, url: 'http://127.0.0.1:{self.ears.port}', repository: a/b, "
        statuses += "token: {secretRef: {store: env, key: TOKEN}}}"
        (self.repository / "controller.yaml").write_text(
            operator.replace("SOURCE", f"url: 'file://{remote}', {statuses}")
        )
        (self.repository / "stagemail.yaml").write_text(operator.replace("SOURCE", "path: environments"))
        (self.repository / ".gitignore").write_text("controller.yaml\n*.postgresql.*\n")
        (self.repository / "environments" / "qa" / "email.yaml").write_text(EMAIL)
        self.said("target", "discover", "--write")
        self.commit()
        self.git("clone", "--quiet", "--bare", ".", str(remote))
        self.git("remote", "add", "origin", str(remote))

    def git(self, *arguments: str) -> str:
        """Git in the repository."""
        done = subprocess.run(
            [*GIT, *arguments], cwd=self.repository, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Change {self.number}")

    @property
    def environment(self) -> dict[str, str]:
        """Of every command."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            f"{PREFIX}ODC_CLIENT_SECRET": SECRET,
            f"{PREFIX}SMTP_QA": self.secret,
            f"{PREFIX}NOTIFY": f"json://127.0.0.1:{self.ears.port}/notify",
            f"{PREFIX}TOKEN": "a-token-for-statuses",
            "STAGEMAIL_CLOCK_SPEED": self._clock,
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ada Admin", "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada Admin", "GIT_COMMITTER_EMAIL": "ada@example.com",
            "COLUMNS": "80",
        }  # fmt: skip

    # --- processes

    def start(self, *arguments: str, plan: dict[str, Any] | None = None) -> int:
        """A command as a process of its own; its pid."""
        for name in ("out", "err"):
            (self.folder / name).write_text("")  # what the last one said is not taken for its words
        pid: int = self._launcher.ask(
            do="start", arguments=arguments, cwd=str(self.repository), environment=self.environment, plan=plan,
            out=str(self.folder / "out"), err=str(self.folder / "err"),
        )  # fmt: skip
        return pid

    def wait(self, pid: int, seconds: float = PATIENCE) -> int | None:
        """Its exit code; None where it still runs after so long."""
        code: int | None = self._launcher.ask(do="wait", pid=pid, seconds=seconds)
        return code

    def said(self, *arguments: str, expect: int | None = 0, plan: dict[str, Any] | None = None) -> Said:
        """Run a command to its end."""
        pid = self.start(*arguments, plan=plan)
        code = self.wait(pid)
        if code is None:
            os.kill(pid, signal.SIGKILL)
            self.wait(pid)
            raise AssertionError(f"{arguments} did not end within {PATIENCE} s: {self._read('err')}")
        said = Said(code, self._read("out"), self._read("err"), self.was_reached(plan), self._since(plan))
        self.judge(arguments, said, expect)
        return said

    def judge(self, arguments: tuple[str, ...], said: Said, expect: int | None) -> None:
        """No traceback, no secret, the expected code."""
        shown = f"stagemail {' '.join(arguments)} ended with {said.code}:\n{said.text}"
        assert expect is None or said.code == expect, shown
        assert "Traceback" not in said.text, shown
        assert "defect of stagemail" not in said.text.replace("defect of stagemail: BrokenHereError", ""), shown
        assert self.secret not in said.text, shown

    @staticmethod
    def was_reached(plan: dict[str, Any] | None) -> bool:
        """Whether the failpoint of a plan was passed."""
        trace = Path(plan["trace"]) if plan else None
        return trace is not None and trace.exists() and "\nHERE\n" in "\n" + trace.read_text()

    def _since(self, plan: dict[str, Any] | None) -> float:
        """Seconds since the failpoint was passed."""
        trace = self.trace() if self.was_reached(plan) else []
        return time.monotonic() - float(trace[trace.index("HERE") + 1]) if trace else 0.0

    def plan(self, kind: Kind | None, point: str = "", nth: int = 1) -> dict[str, Any]:
        """A plan for the next process, with a trace of its own."""
        trace = self.folder / "trace"
        trace.unlink(missing_ok=True)
        return {"kind": kind, "point": point, "nth": nth, "trace": str(trace)}

    def trace(self) -> list[str]:
        """The points that the last planned process passed."""
        trace = self.folder / "trace"
        return trace.read_text().splitlines() if trace.exists() else []

    def _read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")

    @contextmanager
    def controller(self, plan: dict[str, Any] | None = None) -> Iterator[int]:
        """The controller as a process; whoever uses it ends it."""
        pid = self.start("--config", str(self.repository / "controller.yaml"), "controller", plan=plan)
        try:
            yield pid
        finally:
            if self.wait(pid, 0) is None:
                os.kill(pid, signal.SIGKILL)
                self.wait(pid)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for it."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"{what} within {PATIENCE} s"
            time.sleep(0.01)

    # --- the case

    def change(self, *, rotate: bool) -> None:
        """The next change: another sender of the stage, another tester of an app, perhaps another password."""
        self.number += 1
        file = self.repository / "environments" / "qa" / "email.yaml"
        text = EMAIL.replace("Sender 0", f"Sender {self.number}").replace("app-0@", f"app-{self.number}@")
        file.write_text(text)
        if rotate:
            self.secret = f"smtp-secret-{self.number}"
        self.commit()

    def history(self) -> list[dict[str, Any]]:
        """The runs at this revision, newest first."""
        shown = json.loads(self.said("history", "qa", "--format", "json", "--limit", "12").out)
        tip = self.git("rev-parse", "HEAD")
        return [run for run in shown["runs"] if run["revision"] == tip]

    def forget_record(self) -> None:
        """As if the record had never been there."""
        self._forget()
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        for path in (*self.folder.glob("stagemail.db*"), *self.repository.glob("*.postgresql.*")):
            if path.is_file():
                path.unlink()

    def outputs(self) -> str:
        """What the last process has said so far."""
        return f"{self._read('out')}\n{self._read('err')}"

    @contextmanager
    def sink(self) -> Iterator[MailSink]:
        """A mail server that keeps what comes; its folder outlives it."""
        settings = SinkSettings(self.folder / "sink", port=self.mail_port, user="mailer", password=self.secret)
        with MailSink(settings) as running:
            yield running

    def push(self) -> None:
        """Let the controller see it."""
        self.git("push", "--quiet", "origin", "HEAD:main")

    def mark(self) -> int:
        """Where the ledger is now."""
        rows = self.platform.ledger(self._mark)
        self._mark += len(rows)
        return self._mark

    _mark = 0

    def writes(self, since: int) -> Counter[str]:
        """How often what was written: ``PATCH stage``, ``POST App0001``."""
        rows = [row for row in self.platform.ledger(since) if (row["status"] or 0) < 300]
        return Counter(f"{row['method']} {row['app'] or 'stage'}" for row in rows)

    def is_live(self) -> bool:
        """Whether everything runs as Git and the secret store want it."""
        one, two = (self.platform.live("Development", app) for app in APPS)
        return (
            one["senderName"] == two["senderName"] == f"Sender {self.number}"
            and f"app-{self.number}@" in (one["testList"] or "")
            and all(self.platform.secret_equals("Development", "password", self.secret, app) for app in APPS)
        )


MODEL = Counter({
    "PATCH App0001": 1, "POST App0001": 2, "PATCH stage": 1, "POST App0002": 1,
})  # fmt: skip
"""What one change costs the platform: the app's testers are narrowed and made live, then the stage's settings."""


LEAST = MODEL - Counter({"POST App0001": 1})
"""After a stop another tester that is still pending is made live together with the stage's settings, by one POST."""


def doubled(writes: Counter[str]) -> Counter[str]:
    """What was sent more often than the model says."""
    return writes - MODEL


def lost(writes: Counter[str]) -> Counter[str]:
    """What was sent less often than it can have been."""
    return LEAST - writes

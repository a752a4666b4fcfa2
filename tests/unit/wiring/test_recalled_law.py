"""A plan never depends on what was remembered: warm and cold print the same bytes, whatever was changed in between."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.wiring.memory_platform import PLUGIN

from stagemail.cli.group import stagemail
from stagemail.cli.recall import answered
from stagemail.cli.run_session import RunSession
from stagemail.errors import StagemailError
from stagemail.model.inventory import App, StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.target.memory import MemoryTarget
from stagemail.wiring import plugins
from stagemail.wiring.clock import SystemClock

OPERATOR = """apiVersion: stagemail/v1
kind: Operator
targets: {{memory: {{type: memory}}}}
stages:
  qa: {{target: memory, environment: QA, purpose: non-production, folders: [environments/qa]}}
  live: {{target: memory, environment: Live, purpose: production, dependsOn: [qa]}}
ownDomains: [example.com]
guards: {{non-production: {{massChange: {{absolute: {number}, relative: 50%}}, warn: [{warn}]}}}}
"""
EMAIL = """apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {name: relay}
spec:
  server: {host: smtp.example.com, port: 587, security: tls}
  sender: {name: Team, address: no-reply@example.com}
  recipients: {mode: test-list, testList: [{name: Team, address: team@example.com}]}
"""
BINDING_OF = """apiVersion: stagemail/v1
kind: AppBinding
metadata: {{name: {name}}}
spec:
  apps: [{apps}]
{rest}"""
LISTED = "  recipients: {{mode: test-list, testList: [{{name: {name}, address: {address}}}]}}\n"
WAIVER = """apiVersion: stagemail/v1
kind: Waiver
metadata: {name: pilot}
spec: {allow: recipients-widened, to: set-in-app, apps: [App2], reason: CHG-1}
"""
OTHER = [
    "",
    "# only a comment\n",
    "kind: [\n",
    "a: 1\n",
    WAIVER,
    BINDING_OF.format(name="pattern", apps='"App*"', rest="  except: [App1]\n"),
    BINDING_OF.format(name="app-1", apps="App1", rest="  # ghp_abcdefghijkl\n"),
    BINDING_OF.format(name="secret", apps="ghp_abcdefghijkl", rest=""),
    EMAIL.replace("port: 587", "port: 465"),
]
FILES = ("email", "app-1", "app-2", "app-3", "app-4", "both")


def binding(number: int, apps: str, rest: str) -> str:
    return BINDING_OF.format(name=f"app-{number}", apps=apps, rest=rest)


RECIPIENTS = st.one_of(
    st.just(""),
    st.just("  recipients: {mode: set-in-app}\n"),
    st.builds(
        LISTED.format,
        name=st.sampled_from(["Ann", "Bob", "Café"]),
        address=st.sampled_from(["ann@example.com", "bob@example.com", "eve@elsewhere.com", "no-address"]),
    ),
)
CLAIMS = st.sampled_from(["App1", "key-2", "App1, App3", "App5", "App9", "App2, App6"])
USUAL = st.one_of(
    [
        st.tuples(st.just("write"), st.just(f"app-{n}"), st.builds(binding, st.just(n), st.just(f"App{n}"), RECIPIENTS))
        for n in (1, 2, 3, 4)
    ]
)
NOTHING = st.just("")
PORTAL = st.sampled_from(["key-1", "key-2", "key-6", "stage", "foreign", "pending"])
APP = st.sampled_from(["gone", "new", "renamed", "workflow", "stage"])
HELD = st.sampled_from(["", "takeover", "recipients-widened"])
CHANGES = st.one_of(
    USUAL,
    USUAL,
    USUAL,
    st.tuples(st.just("write"), st.sampled_from(FILES), st.builds(binding, st.integers(1, 4), CLAIMS, RECIPIENTS)),
    st.tuples(st.just("write"), st.sampled_from(FILES), st.sampled_from(OTHER)),
    st.tuples(st.just("delete"), st.sampled_from(FILES), NOTHING),
    st.tuples(st.just("rename"), st.sampled_from(FILES), st.sampled_from(FILES)),
    st.tuples(st.just("operator"), st.sampled_from(["0", "1", "9"]), HELD),
    st.tuples(st.just("portal"), PORTAL, NOTHING),
    st.tuples(st.just("app"), APP, NOTHING),
    st.tuples(st.sampled_from(["apply", "commit", "suspend"]), NOTHING, NOTHING),
)


class House:
    """A checkout with two stages, its platform in memory, and a warm cache."""

    def __init__(self, fresh: Callable[[], Path]) -> None:
        self.fresh = fresh
        self.root, self.warm = fresh(), fresh()
        self.folder = self.root / "environments" / "qa"
        for stage in ("qa", "live"):
            folder = self.root / "environments" / stage
            folder.mkdir(parents=True)
            (folder / "email.yaml").write_text(EMAIL, encoding="utf-8")
        self.target = PLUGIN.target = MemoryTarget(SystemClock())
        self.target.add_stage("qa", StageIdentity("environment-qa", "QA", "non-production"))
        self.target.add_stage("live", StageIdentity("environment-live", "Live", "production"))
        for number in range(1, 7):
            self.target.add_app("qa", App(f"App{number}", f"key-{number}", "WebApplication", 1))
        for number in range(1, 5):
            text = binding(number, f"App{number}", LISTED.format(name="Ann", address="ann@example.com"))
            (self.folder / f"app-{number}.yaml").write_text(text, encoding="utf-8")
        text = BINDING_OF.format(name="both", apps="App5, key-6", rest="")
        (self.folder / "both.yaml").write_text(text, encoding="utf-8")
        self.operator("9", "")
        self.git("init", "--quiet")
        self.commit()
        self.runs(self.warm, "apply", "--allow-dirty")

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True, timeout=60, capture_output=True)

    def commit(self) -> None:
        self.git("add", "environments", "stagemail.yaml")
        self.git("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty", "-mX")

    def operator(self, number: str, warn: str) -> None:
        (self.root / "stagemail.yaml").write_text(OPERATOR.format(number=number, warn=warn), encoding="utf-8")

    def runs(self, cache: Path, *arguments: str) -> tuple[str, object]:
        """What a command prints and how it ends."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(cache))
            given = [*arguments, "--root", str(self.root)]
            with redirect_stdout(StringIO()) as printed:
                code = answered(given[1:]) if given[0] == "plan" else None
            if code is not None:
                return printed.getvalue(), code
            done = CliRunner().invoke(stagemail, given, standalone_mode=False)
        if done.exception is not None and not isinstance(done.exception, StagemailError):
            raise done.exception
        problems = getattr(done.exception, "problems", ())
        return done.output, (done.return_value if done.exception is None else (str(done.exception), problems))

    def change(self, kind: str, what: str, text: str) -> None:
        """One change of anything that a plan rests on."""
        path = self.folder / f"{what}.yaml"
        if kind == "write":
            path.write_text(text, encoding="utf-8")
        elif kind == "delete":
            path.unlink(missing_ok=True)
        elif kind == "rename" and path.exists():
            path.rename(self.folder / f"{text}.yaml")
        elif kind == "operator":
            self.operator(what, text)
        elif kind == "portal":
            self.portal(what)
        elif kind == "app":
            self.app(what)
        elif kind == "commit":
            self.commit()
        elif kind == "apply":
            self.runs(self.warm, "apply", "qa", "--allow-dirty")
        elif kind == "suspend":
            self.runs(self.warm, "suspend", "qa", "--reason", "test")

    def portal(self, what: str) -> None:
        stage = Key("qa", CONFIGURATION, "environment-qa")
        app = Key("qa", BINDING, "key-2")
        try:
            if what == "stage":
                self.target.set(stage, "sender.name", "Somebody")
            elif what == "foreign":
                self.target.leave_pending(app, "timeout")
            elif what == "pending":
                self.target.set(app, "recipients.mode", "set-in-app", pending=True)
            else:
                self.target.set(Key("qa", BINDING, what), "recipients.testList", ("eve@example.com",))
        except StagemailError:  # the app is gone
            return

    def app(self, what: str) -> None:
        if what == "gone":
            self.target.remove_app(Key("qa", BINDING, "key-3"))
        elif what == "new":
            self.target.add_app("qa", App("App9", "key-9", "WebApplication", 1))
        elif what == "renamed":
            self.target.add_app("qa", App("App7", "key-4", "WebApplication", 2))
        elif what == "workflow":
            self.target.add_app("qa", App("App5", "key-5", "Workflow", 1, bindable=False))
        else:
            self.target.rename("qa", StageIdentity("environment-qa", "Quality", "non-production"))


@pytest.fixture(scope="module")
def make_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], House]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(plugins.TARGETS, "memory", "tests.unit.wiring.memory_platform:PLUGIN")
        patch.setenv("COLUMNS", "80")
        yield lambda: House(lambda: tmp_path_factory.mktemp("new"))


ANN = LISTED.format(name="Ann", address="ann@example.com")
BOB = LISTED.format(name="Bob", address="bob@example.com")
EVERYTHING = [
    ("write", "app-1", binding(1, "App1", BOB)),
    ("write", "app-3", binding(3, "App3", LISTED.format(name="Ann", address="no-address"))),
    ("write", "app-3", binding(3, "App3", BOB) + "# ghp_abcdefghijkl\n"),
    ("write", "app-3", binding(3, "App3", BOB)),
    ("portal", "key-2", ""),
    ("operator", "0", ""),
    ("operator", "9", "recipients-widened"),
    ("write", "app-2", binding(2, "App2", "  recipients: {mode: set-in-app}\n")),
    ("apply", "", ""),
    ("write", "app-3", binding(1, "App3", ANN)),
    ("write", "app-3", binding(3, "App1", ANN)),
    ("write", "app-3", binding(3, "key-1", ANN)),
    ("write", "pattern", OTHER[-4]),
    ("delete", "pattern", ""),
    ("portal", "foreign", ""),
    ("app", "renamed", ""),
    ("app", "new", ""),
    ("rename", "app-1", "app-9"),
    ("portal", "stage", ""),
    ("write", "email", OTHER[-1]),
    ("delete", "app-2", ""),
]
"""Each of them must be noticed by itself; what was remembered before stays where nothing new can be."""


@given(changes=st.lists(CHANGES, min_size=1, max_size=6))
@example(changes=EVERYTHING)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_plan_prints_the_same_warm_and_cold(
    changes: list[tuple[str, str, str]], make_house: Callable[[], House]
) -> None:
    house = make_house()
    house.runs(house.warm, "plan")
    for change in changes:
        house.change(*change)
        cold = house.fresh()
        for form in ("text", "json"):
            asked = ("plan", "--format", form, "--detailed-exitcode")
            assert house.runs(house.warm, *asked) == house.runs(cold, *asked), (change, form)


def test_a_change_of_a_plain_file_is_planned_from_what_is_remembered(
    make_house: Callable[[], House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house()
    house.runs(house.warm, "plan")
    house.change("write", "app-1", binding(1, "App1", LISTED.format(name="Bob", address="bob@example.com")))
    expected = house.runs(house.fresh(), "plan")
    monkeypatch.delattr(RunSession, "prepare")
    assert house.runs(house.warm, "plan") == expected
    assert "write App1 recipients" in expected[0]
    house.commit()
    assert "write App1 recipients" in house.runs(house.warm, "plan", "qa")[0]

"""The emulator as a program: start, stop, kill -9, the state file, and every command."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from odc_emulator.cli import main
from odc_emulator.cli.main import COMMANDS
from odc_emulator.cli.portal import portal
from odc_emulator.client import EmulatorControl
from odc_emulator.profiles import PROFILES
from odc_emulator.seed import SECRET

PROGRAM = [sys.executable, "-c", "from odc_emulator.cli import main; main()"]
Spawn = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    """Start the program and wait for its one line; it is gone after the test."""
    started: list[subprocess.Popen[str]] = []

    def starter(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield starter
    for process in started:
        process.kill()
        process.communicate(timeout=300)


def _url(line: str) -> str:
    assert line.startswith("odc-emulator listening on http://127.0.0.1:")
    return line.rpartition(" ")[2]


@contextmanager
def _authorized(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url, trust_env=False) as http:
        _authorize(http)
        yield http


def _authorize(http: httpx2.Client) -> None:
    endpoint = http.get("/identity/.well-known/openid-configuration").json()["token_endpoint"]
    form = {"grant_type": "client_credentials", "client_id": "stagemail-ci", "client_secret": SECRET}
    http.headers["Authorization"] = f"Bearer {http.post(endpoint, data=form).json()['access_token']}"


def _run(url: str, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, [*arguments, "--url", url])
    assert result.exit_code == code, result.output
    return result.output


def test_serve_says_where_it_listens_and_stops_at_sigterm(spawn: Spawn, tmp_path: Path) -> None:
    process, line = spawn("serve", "--port", "0", "--port-file", str(tmp_path / "port"), "--apps", "5", "--stages", "2")
    url = _url(line)
    assert (tmp_path / "port").read_text() == url.rpartition(":")[2] + "\n"
    with EmulatorControl(url) as control:
        assert control.show("Production")["apps"] == ["App0001", "App0002", "App0003", "App0004", "App0005"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0, "it waits for no client that is still connected"


def test_what_was_answered_before_kill_9_is_still_there(spawn: Spawn, tmp_path: Path) -> None:
    arguments = ("serve", "--state", str(tmp_path / "state.db"), "--no-limits")
    process, line = spawn(*arguments, "--profile", "symbol-pending")
    with EmulatorControl(_url(line)) as control, _authorized(_url(line)) as http:
        stage = control.show("QA")["key"]
        path = f"/api/asset-configurations/v1/environments/{stage}/default-system-configurations"
        for number in range(20):
            body = {"systemConfigurations": [{"key": "SMTP.Port", "value": str(number + 1)}]}
            assert http.patch(path, json=body).status_code == 204
        assets = http.get("/api/portfolios/v2/deployed-assets?nameContains=CRM").json()["results"]
        body = {"operation": "ApplyConfigs", "assetKey": assets[0]["key"], "environmentKey": stage, "revision": 11}
        operation = http.post("/api/deployments/v1/deployment-operations", json=body).json()["key"]
        token = http.headers["Authorization"]
        before = control.ledger()
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=120)
    _, line = spawn(*arguments)
    with EmulatorControl(_url(line)) as control, httpx2.Client(base_url=_url(line), trust_env=False) as http:
        http.headers["Authorization"] = token
        assert control.health()["profile"] == "symbol-pending"
        assert control.ledger() == before
        assert control.live("QA", "CRM")["port"] == "587"
        control.advance(21)
        found = http.get(f"/api/deployments/v1/deployment-operations/{operation}").json()
        assert found["status"] == "Finished"
        assert control.live("QA", "CRM")["port"] == "20"
        assert control.pending("QA", "Billing") == ["port"]


def test_a_state_file_of_another_profile_is_refused(spawn: Spawn, tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    process, _ = spawn("serve", "--state", state)
    process.terminate()
    process.wait(timeout=120)
    assert Path(state).stat().st_mode & 0o777 == 0o600
    result = CliRunner().invoke(main, ["serve", "--state", state, "--profile", "guid-live"])
    assert result.exit_code == 1
    assert "profile guid-pending" in result.output


def test_a_seed_file_and_a_bad_one(tmp_path: Path, spawn: Spawn) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"stages": [{"name": "Only", "order": 0}], "apps": [{"name": "One"}]}))
    _, line = spawn("serve", "--seed", str(seed))
    with EmulatorControl(_url(line)) as control:
        assert control.show("Only")["apps"] == ["One"]
    seed.write_text(json.dumps({"stages": [], "apps": [{"name": "One", "stages": ["Two"]}]}))
    result = CliRunner().invoke(main, ["serve", "--seed", str(seed)])
    assert result.exit_code == 1
    assert "'Two'" in result.output


@pytest.mark.parametrize("pair", ["smtp.example.com", "smtp.example.com:587=", "=1.2.3.4:5"])
def test_a_bad_resolve_pair_is_a_usage_error(pair: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--resolve", pair])
    assert result.exit_code == 2
    assert "HOST:PORT=IP:PORT" in result.output


def test_the_portal_by_hand_and_what_it_shows(spawn: Spawn) -> None:
    _, line = spawn("serve")
    url = _url(line)
    assert "port" in _run(url, "portal", "set", "--stage", "QA", "--field", "port", "--value", "25")
    _run(
        url,
        "portal",
        "set",
        "--stage",
        "QA",
        "--app",
        "CRM",
        "--field",
        "testListActive",
        "--value",
        "true",
        "--pending",
    )
    _run(url, "portal", "set", "--stage", "QA", "--field", "password", "--value", "canary")
    _run(url, "portal", "set", "--stage", "QA", "--field", "username")
    _run(url, "portal", "change-client", "--client", "viewer", "--permissions", "View stage", "--stage", "QA")
    _run(url, "portal", "undeploy", "--stage", "QA", "--app", "Billing")
    shown = _run(url, "show", "--stage", "QA")
    assert "SMTP Port" in shown
    assert "Billing" not in shown
    app = _run(url, "show", "--stage", "QA", "--app", "CRM")
    row = next(text for text in app.splitlines() if text.startswith("testListActive"))
    assert row.split() == ["testListActive", "True", "False", "pending", "ApplicationLevelOverride"]
    assert "canary" not in shown + app
    assert json.loads(_run(url, "show", "--stage", "QA", "--app", "CRM", "--format", "json"))["revision"] == 11
    assert "there is no stage 'X'" in _run(url, "show", "--stage", "X", code=1)


def test_ledger_faults_and_the_clock_by_hand(spawn: Spawn) -> None:
    _, line = spawn("serve")
    url = _url(line)
    assert _run(url, "fault", "order", "status", "--method", "PATCH", "--status", "503") == "fault 1: status\n"
    with _authorized(url) as http, EmulatorControl(url) as control:
        path = f"/api/asset-configurations/v1/environments/{control.show('QA')['key']}/default-system-configurations"
        assert http.patch(path, json={}).status_code == 503
        http.get(path)
    assert "503" in _run(url, "ledger").splitlines()[1]
    assert "asset-configurations 1" in _run(url, "ledger")
    assert json.loads(_run(url, "ledger", "--format", "json"))["writes"][0]["fault"] == "status"
    assert _run(url, "fault", "list").splitlines()[1].split() == ["1", "status", "PATCH", "1", "1"]
    assert _run(url, "fault", "clear") == "no faults\n"
    assert _run(url, "advance", "60").startswith("now 20")


def test_an_email_from_the_command_line_to_the_inbox(spawn: Spawn, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    login = ["--user", "mailer", "--password-file", str(tmp_path / "password")]
    sink, line = spawn("sink", "--dir", str(tmp_path / "sink"), "--port-file", str(tmp_path / "port"), *login)
    address = line.removeprefix("odc-emulator sink listening on ")
    assert (tmp_path / "port").read_text().strip() == address.rpartition(":")[2]
    resolve = f"smtp.example.com:587={address}"
    _, line = spawn("serve", "--resolve", resolve, "--ca-file", str(tmp_path / "sink" / "ca.pem"))
    url = _url(line)
    assert "not sent" in _run(url, "send", "--stage", "QA", "--app", "CRM", "--to", "a@x.example", code=1)
    values = {"host": "smtp.example.com", "senderAddress": "qa@example.com", "authentication": "basic"}
    for field, value in (values | {"username": "mailer", "password": "hunter2"}).items():
        _run(url, "portal", "set", "--stage", "QA", "--field", field, "--value", value)
    sent = _run(url, "send", "--stage", "QA", "--app", "CRM", "--to", "a@x.example", "--subject", "Hello")
    assert sent == "sent from qa@example.com to a@x.example\n"
    listed = CliRunner().invoke(main, ["inbox", "--dir", str(tmp_path / "sink")]).output.splitlines()
    assert listed[1].split() == ["000001", "a@x.example", "qa@example.com", "Hello"]
    sink.send_signal(signal.SIGTERM)
    assert sink.wait(timeout=120) == 0


def test_every_command_has_help_and_profiles_are_listed() -> None:
    commands = [[name] for name in COMMANDS] + [["portal", name] for name in portal.commands]
    for command in commands:
        result = CliRunner().invoke(main, [*command, "--help"])
        assert result.exit_code == 0
        assert len(result.output.splitlines()) > 3
    assert all(name in CliRunner().invoke(main, ["profiles"]).output for name in PROFILES)


def test_no_emulator_there_is_one_line_not_a_traceback() -> None:
    output = _run("http://127.0.0.1:9", "ledger", code=1)
    assert output.startswith("Error: no emulator answers at http://127.0.0.1:9")

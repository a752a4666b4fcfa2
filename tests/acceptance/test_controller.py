"""The controller as a process: a commit goes live by itself, the portal's edit is healed, a kill loses nothing."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.bench import GIT, Bench

EMAIL = "environments/qa/email.yaml"
APPS = ("Billing", "CRM", "FieldApp", "Portal", "PortalAdmin")
QUICK = "controller: {poll: 10s, observe: 30s}\n"
"""At the benches' speed a look every tenth of a second: all that these tests wait for comes within a second or two."""


@contextmanager
def controller(bench: Bench) -> "Iterator[subprocess.Popen[str]]":
    """A controller, ended in order."""
    process = bench.start("controller")
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=300)
    assert "Traceback" not in out + err, err
    assert "defect of stagemail" not in out + err, out + err
    assert process.returncode in (0, -signal.SIGKILL), f"{process.returncode}: {out}{err}"


def remote(bench: Bench) -> Path:
    """A bare repository that the bench's checkout pushes to and the controller follows."""
    folder = bench.folder / "remote.git"
    subprocess.run([*GIT, "clone", "--quiet", "--bare", str(bench.repository), str(folder)], check=True)
    bench.git("remote", "add", "origin", str(folder))
    text = bench.read("stagemail.yaml").replace("source: {path: environments}", f"source: {{url: 'file://{folder}'}}")
    bench.write("stagemail.yaml", text.replace("state: ", QUICK + "state: "))
    bench.environment["XDG_CACHE_HOME"] = str(bench.folder / "cache")
    push(bench)
    return folder


def push(bench: Bench) -> None:
    bench.git("push", "--quiet", "origin", "HEAD:main")


def port(bench: Bench, app: str = "CRM") -> str | None:
    return bench.platform.live("QA", app)["port"]


def test_what_was_suspended_goes_on_soon_after_somebody_resumes_it(applied: Bench) -> None:
    remote(applied)
    applied.write("stagemail.yaml", re.sub("observe: [^,}]*", "observe: 30d", applied.read("stagemail.yaml")))
    applied.run("suspend", "qa", "--reason", "CHG-9")
    with controller(applied):
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        applied.until(lambda: "Suspended" in applied.run("status", "qa", expect=None).text, "it is held")
        applied.run("resume", "qa")
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "it goes on")


def test_a_commit_that_is_pushed_is_live_without_a_command(applied: Bench) -> None:
    remote(applied)
    before = applied.mark()
    with controller(applied):
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        applied.until(lambda: port(applied) == "2587", "the pushed change is live")
    assert applied.writes(before)["PATCH", "QA"] == 1
    applied.run("history", "qa", "--limit", "1").shows("done")


def test_an_edit_in_the_portal_is_healed_and_one_that_may_stay_is_reported(applied: Bench) -> None:
    remote(applied)
    with controller(applied):
        applied.platform.set("QA", "port", "26")
        applied.platform.set("QA", "testListActive", "false", app="CRM")
        applied.until(lambda: applied.platform.live("QA", "CRM")["testListActive"] == "True", "mail is caught again")
    assert port(applied) == "26", "qa heals recipients only"


def test_a_controller_that_is_killed_in_the_middle_loses_nothing(applied: Bench) -> None:
    remote(applied)
    applied.change(EMAIL, "port: 587", "port: 2587")
    push(applied)
    before = applied.mark()
    with controller(applied) as process:
        applied.until(lambda: applied.mark() > before, "the first write is sent")
        process.kill()
    with controller(applied):
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "all is live")
    applied.run("status", "qa").shows("qa Ready")
    assert applied.writes(before)["PATCH", "QA"] == 1


def test_a_controller_that_finds_nobody_there_waits_and_recovers(applied: Bench) -> None:
    folder = remote(applied)
    applied.change(EMAIL, "port: 587", "port: 2587")
    push(applied)
    away = folder.with_name("away.git")
    folder.rename(away)
    with controller(applied) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("git" in line.lower() for line in (next(lines), next(lines)))
        away.rename(folder)
        applied.until(lambda: port(applied) == "2587", "the change is live once the repository is there")


def test_a_broken_operator_file_is_said_and_the_old_one_stays_in_force(applied: Bench) -> None:
    remote(applied)
    with controller(applied) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert "following 3 stages" in next(lines)
        good = applied.read("stagemail.yaml")
        applied.write("stagemail.yaml", good.replace("purpose: non-production", "purpose: nonsense"), commit=False)
        assert any("stays in force" in line for line in lines)
        applied.write("stagemail.yaml", good, commit=False)
        assert any("in force now" in line for line in lines)
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        applied.until(lambda: port(applied) == "2587", "the change is live")

"""A controller and workers as processes over one PostgreSQL: nobody doubles anything, and the dead are replaced."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import EMAIL, port, push, remote

APPS = ("Billing", "CRM", "FieldApp", "Portal", "PortalAdmin")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def shared(bench: Bench, database: str) -> Bench:
    """The bench with its record in PostgreSQL, and everything applied once."""
    text = bench.read("stagemail.yaml")
    assert "state: sqlite:///stagemail.db" in text
    bench.write("stagemail.yaml", text.replace("state: sqlite:///stagemail.db", f"state: {database}"))
    bench.run("apply", "--stage", "development", "--stage", "qa", "--stage", "production", expect=None)
    return bench


@pytest.fixture
def start(shared: Bench) -> Iterator[Start]:
    """Starts processes; all that still run are ended in order."""
    with ExitStack() as stack:

        def begun(*arguments: str) -> "subprocess.Popen[str]":
            process = shared.start(*arguments)
            stack.callback(_end, process)
            return process

        yield begun


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=15)
    sys.stdout.write(f"{process.args}:\n{out}{err}")  # shown where the test fails
    assert "Traceback" not in out + err, err
    assert "defect of stagemail" not in out + err, out + err
    assert process.returncode in (0, -signal.SIGKILL), f"{process.returncode}: {out}{err}"


def test_a_commit_is_reconciled_once_by_one_of_two_workers(shared: Bench, start: Start) -> None:
    remote(shared)
    for _ in range(2):
        start("worker")
    start("controller", "--leave-to-workers")
    before = shared.mark()
    shared.change(EMAIL, "port: 587", "port: 2587")
    push(shared)
    shared.until(lambda: port(shared) == "2587", "the pushed change is live")
    assert shared.writes(before)["PATCH", "QA"] == 1
    shared.run("history", "qa", "--limit", "1").shows("done")

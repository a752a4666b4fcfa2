"""A controller and workers as processes over one PostgreSQL: nobody doubles anything, and the dead are replaced."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.request import urlopen

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import EMAIL, port, push, remote
from tests.postgresql import PostgreSql

APPS = ("Billing", "CRM", "FieldApp", "Portal", "PortalAdmin")
PATIENCE = 120.0
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


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for it. Five processes and a database share the machine with other tests: patience decides nothing here."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"{what} within {PATIENCE} s"
        time.sleep(0.02)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    sys.stdout.write(f"{process.args}:\n{out}{err}")  # shown where the test fails
    assert "Traceback" not in out + err, err
    assert "defect of stagemail" not in out + err, out + err
    assert process.returncode in (0, -signal.SIGKILL), f"{process.returncode}: {out}{err}"


def holder(postgresql: PostgreSql, database: str, among: list["subprocess.Popen[str]"]) -> "subprocess.Popen[str]":
    """The worker that reconciles now: whoever holds the organization's lease."""
    name = database.rpartition("/")[2]
    found: list[subprocess.Popen[str]] = []
    end = time.monotonic() + PATIENCE
    while not found:
        assert time.monotonic() < end
        rows = postgresql.sql(name, "SELECT owner FROM leases WHERE scope LIKE 'odc:%'")
        found = [one for one in among for row in rows if f" pid {one.pid} " in str(row[0])]
    return found[0]


def elsewhere(postgresql: PostgreSql, database: str, process: "subprocess.Popen[str]") -> None:
    """As if the process had been on another host: nobody here can see that it ended."""
    for table in ("leases", "stagemail_jobs.members"):
        postgresql.sql(
            database.rpartition("/")[2],
            f"UPDATE {table} SET owner = replace(owner, '@', '@another-') WHERE owner LIKE '% pid {process.pid} %'",
        )


@pytest.fixture
def working(shared: Bench, start: Start, postgresql: PostgreSql, database: str) -> "Iterator[subprocess.Popen[str]]":
    """Two workers, one of them in the middle of making a change live: that one."""
    remote(shared)
    shared.platform.fault("delay", method="POST", path="deployment-operations", times=2, seconds=4.0)
    workers = [start("worker"), start("worker")]
    start("controller", "--leave-to-workers")
    before = shared.mark()
    shared.change(EMAIL, "port: 587", "port: 2587")
    push(shared)
    until(lambda: shared.writes(before)["PATCH", "QA"] > 0, "the first write is sent")
    yield holder(postgresql, database, workers)


def is_live(bench: Bench) -> bool:
    return all(port(bench, app) == "2587" for app in APPS)


def test_a_worker_that_is_killed_is_replaced_by_one_of_another_host(
    shared: Bench, working: "subprocess.Popen[str]", postgresql: PostgreSql, database: str
) -> None:
    before = shared.mark()
    working.kill()
    elsewhere(postgresql, database, working)
    until(lambda: is_live(shared), "the other worker makes it live")
    assert shared.writes(before)["PATCH", "QA"] == 0, "what was written is not written again"
    shared.run("status", "qa").shows("qa Ready")


def test_a_worker_that_was_paused_writes_nothing_more_when_it_wakes(
    shared: Bench, working: "subprocess.Popen[str]", postgresql: PostgreSql, database: str
) -> None:
    working.send_signal(signal.SIGSTOP)
    until(lambda: is_live(shared), "the other worker makes it live")
    until(lambda: idle(postgresql, database), "the other worker is done")
    before = shared.mark()
    working.send_signal(signal.SIGCONT)
    woken = f"SELECT 1 FROM stagemail_jobs.members WHERE NOT gone AND owner LIKE '% pid {working.pid} %'"
    until(lambda: bool(postgresql.sql(database.rpartition("/")[2], woken)), "it shows itself again")
    time.sleep(1.0)  # what it would do wrong, it would do at once
    assert len(shared.ledger(before)) <= 1, "at most the request that was under way"
    working.send_signal(signal.SIGTERM)
    out, _ = working.communicate(timeout=PATIENCE)
    stopped = ("no longer holds the lease", "the record ")  # by the fence, or as a transaction that slept was given up
    assert any(words in out for words in stopped), "it did not stop just because nothing was left to do"
    shared.run("status", "qa").shows("qa Ready")


def idle(postgresql: PostgreSql, database: str) -> bool:
    rows = postgresql.sql(
        database.rpartition("/")[2], "SELECT 1 FROM stagemail_jobs.procrastinate_jobs WHERE status = 'doing'"
    )
    return not rows


def test_a_commit_is_reconciled_once_by_one_of_two_workers(shared: Bench, start: Start) -> None:
    remote(shared)
    for _ in range(2):
        start("worker")
    start("controller", "--leave-to-workers")
    before = shared.mark()
    shared.change(EMAIL, "port: 587", "port: 2587")
    push(shared)
    until(lambda: port(shared) == "2587", "the pushed change is live")
    assert shared.writes(before)["PATCH", "QA"] == 1
    shared.run("history", "qa", "--limit", "1").shows("done")


@pytest.mark.parametrize("arguments", [("worker",), ("controller", "--leave-to-workers")])
def test_without_postgresql_there_is_nothing_to_share(bench: Bench, arguments: tuple[str, ...]) -> None:
    bench.run(*arguments, expect=2).shows("`state` is no PostgreSQL", "postgresql://")


def test_a_worker_answers_for_its_health_and_its_metrics_and_ends_in_order(shared: Bench, start: Start) -> None:
    worker = start("worker", "--listen", "127.0.0.1:0")
    assert worker.stdout is not None
    lines = [worker.stdout.readline(), worker.stdout.readline()]
    address = lines[1].removeprefix("listening on ").strip()
    for path, expected in (("healthz", "ok"), ("readyz", "ready"), ("metrics", "stagemail_build_info")):
        with urlopen(f"http://{address}/{path}", timeout=PATIENCE) as answer:
            assert expected in answer.read().decode()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0

"""Two controllers over one PostgreSQL: one leads; when it is killed the other one does, and periodic work happens once.

And how soon a dead worker is replaced. Not here: workers among themselves (``test_workers``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import MakeBench
from tests.acceptance.test_controller import APPS, EMAIL, port, push, remote
from tests.acceptance.test_workers import elsewhere, holder, shared, start, until
from tests.postgresql import PostgreSql
from tests.tied import TIED

from stagemail.dispatch.by_procrastinate import BEAT, SILENCE
from stagemail.dispatch.engine import POLL
from stagemail.reconcile.automatic import BUSY_AGAIN

__all__ = ["shared", "start"]


class Controller:
    """A controller as a process whose log goes to a file."""

    def __init__(self, bench: Bench, log: Path) -> None:
        self.log = log
        program = [*TIED, sys.executable, "-c", "from stagemail.cli.main import main; main()"]
        with log.open("w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [*program, "controller", "--log-format", "json"],
                cwd=bench.repository, env={**os.environ, **bench.environment}, stdout=out, stderr=out,
            )  # fmt: skip

    def said(self, event: str) -> int:
        """How often it said this."""
        found = 0
        for line in self.log.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                found += json.loads(line)["event"] == event
        return found


@pytest.fixture
def controllers(shared: Bench) -> Iterator[list[Controller]]:
    remote(shared)
    with ExitStack() as stack:
        made = [Controller(shared, shared.folder / f"controller-{number}.log") for number in range(2)]
        for each in made:
            stack.callback(each.process.wait, 60)
            stack.callback(each.process.terminate)
        yield made
    for each in made:
        text = each.log.read_text(encoding="utf-8")
        assert "Traceback" not in text and "defect" not in text, text


def leader(postgresql: PostgreSql, database: str, among: list[Controller]) -> Controller | None:
    rows = postgresql.sql(database.rpartition("/")[2], "SELECT owner FROM stagemail_jobs.leader")
    return next((each for each in among for row in rows if f" pid {each.process.pid} " in str(row[0])), None)


def test_when_the_leading_controller_is_killed_the_other_one_leads_and_everything_happens_once(
    shared: Bench, controllers: list[Controller], postgresql: PostgreSql, database: str
) -> None:
    def leads() -> Controller | None:
        with suppress(Exception):  # until the tables are there
            return leader(postgresql, database, controllers)
        return None

    until(lambda: leads() is not None, "one of them leads")
    first = leads()
    assert first is not None
    other = next(each for each in controllers if each is not first)
    before = shared.mark()
    shared.change(EMAIL, "port: 587", "port: 2587")
    push(shared)
    until(lambda: all(port(shared, app) == "2587" for app in APPS), "the first commit is live")
    until(lambda: first.said("looked") >= 3, "it looks at its source again and again")
    assert other.said("looked") == 0, "periodic work is the leader's alone"
    until(lambda: other.said("stands-by") == 1, "it says that another one leads")
    assert (first.said("leads"), other.said("leads")) == (1, 0)
    first.process.kill()
    until(lambda: leads() is other, "the other one leads")
    last = first.said("looked")
    shared.change(EMAIL, "port: 2587", "port: 587")
    push(shared)
    until(lambda: all(port(shared, app) == "587" for app in APPS), "the second commit is live")
    shared.platform.set("QA", "testListActive", "false", app="CRM")
    until(lambda: shared.platform.live("QA", "CRM")["testListActive"] == "True", "drift is healed")
    assert other.said("looked") > 0
    assert other.said("leads") == 1
    assert first.said("looked") == last
    assert shared.writes(before)["PATCH", "QA"] == 2, "once for each commit"
    rows = postgresql.sql(database.rpartition("/")[2], "SELECT count(*) FROM stagemail_jobs.leader")
    assert rows[0][0] == 1
    shared.run("history", "--verify").shows("none altered")


def test_what_a_takeover_waits_for_is_less_than_30_seconds_together() -> None:
    # The last heartbeat of its job and its last sign of life are a beat apart at most, each is judged once a beat,
    # the job is fetched at the next poll, and who finds the lease held a moment too early tries again soon.
    assert SILENCE + BEAT + BEAT + POLL + BUSY_AGAIN < 30.0


@pytest.mark.faults
def test_a_killed_worker_is_replaced_at_normal_speed(
    make_bench: MakeBench, postgresql: PostgreSql, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints the seconds from the kill to the lease of another worker, by the database's clock."""
    bench = make_bench(speed=1.0, operation_seconds=0.2)
    bench.environment |= {"STAGEMAIL_CLOCK_SPEED": "1", "STAGEMAIL_STATE": database}
    bench.run("apply", "qa")
    remote(bench)
    name = database.rpartition("/")[2]
    with ExitStack() as stack:
        workers = [
            bench.start(*arguments) for arguments in (["worker"], ["worker"], ["controller", "--leave-to-workers"])
        ]
        for process in workers:
            stack.callback(process.communicate)
            stack.callback(process.terminate)
        until(lambda: len(postgresql.sql(name, "SELECT 1 FROM stagemail_jobs.members")) == 3, "all are there")
        bench.platform.fault("delay", method="POST", path="deployment-operations", times=2, seconds=1.5)
        before = bench.mark()
        bench.change(EMAIL, "port: 587", "port: 2587")
        push(bench)
        until(lambda: bench.mark() > before, "the first write is sent")
        killed = holder(postgresql, database, workers[:2])
        killed.kill()
        at = postgresql.sql(name, "SELECT clock_timestamp()")[0][0]
        elsewhere(postgresql, database, killed)
        taken = "SELECT clock_timestamp() FROM leases WHERE scope LIKE 'odc:%' AND owner LIKE '% pid {} %'"
        (heir,) = (worker for worker in workers[:2] if worker is not killed)
        until(lambda: bool(postgresql.sql(name, taken.format(heir.pid))), "another one has the lease")
        seconds = (postgresql.sql(name, "SELECT clock_timestamp()")[0][0] - at).total_seconds()
        until(lambda: all(port(bench, app) == "2587" for app in APPS), "it made the change live")
    with capsys.disabled():
        sys.stdout.write(f"\ntaken over after {seconds:.1f} s\n")
    assert bench.writes(before)["PATCH", "QA"] == 1

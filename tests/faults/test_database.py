"""PostgreSQL that is cut off, frozen, restarted: stagemail converges, writes nothing twice, and never waits for ever.

Not here: what its refusals mean (``tests/unit/record``), a start without it (``tests/acceptance/test_postgresql.py``).
"""

import random
import threading
import time
from urllib.parse import urlsplit

import pytest
from tests.acceptance import bench
from tests.acceptance.bench import PATIENCE, Bench
from tests.acceptance.test_controller import APPS, EMAIL, controller, port, push, remote
from tests.faults.proxy import Proxy
from tests.faults.test_network import long
from tests.postgresql import PostgreSql

from stagemail.record import postgresql as adapter

STATE = "STAGEMAIL_STATE"


def in_database(bench: Bench, database: str) -> None:
    """The bench's record lies in PostgreSQL, and QA is as Git wants it."""
    bench.environment[STATE] = database
    bench.run("apply", "qa")
    bench.change(EMAIL, "port: 587", "port: 2587")


def finished(bench: Bench, before: int) -> None:
    bench.run("apply", "qa").shows("live on 5 of 5 apps")
    writes = bench.writes(before)
    assert writes["PATCH", "QA"] == 1, writes
    assert max(writes.values()) == 1, writes
    bench.run("history", "--verify").shows("none altered")
    bench.run("plan", "qa", "--detailed-exitcode")


@pytest.mark.parametrize(
    ("kind", "when"),
    [
        ("hold", b"INSERT INTO intents"), ("cut", b"COMMIT"), ("garbage", b"INSERT INTO intents"),
        long("cut", b"INSERT INTO intents"), long("half-close", b"INSERT INTO intents"), long("hold", b"COMMIT"),
        long("half-close", b"COMMIT"), long("garbage", b"COMMIT"), long("drip", b"INSERT INTO intents"),
        long("cut", b"INSERT INTO outcomes"), long("hold", b"INSERT INTO outcomes"), long("cut", b"leases"),
    ],
)  # fmt: skip
def test_a_harmed_connection_to_the_database_loses_nothing(
    applied: Bench, database: str, monkeypatch: pytest.MonkeyPatch, kind: str, when: bytes
) -> None:
    in_database(applied, database)
    monkeypatch.setattr(adapter, "ANSWER", 2.0)
    before = applied.mark()
    address = urlsplit(database)
    with Proxy(("127.0.0.1", int(address.port or 0))) as proxy:
        applied.environment[STATE] = database.replace(f":{address.port}/", f":{proxy.port}/")
        rule = proxy.does(kind, when=when, seconds=0.02)  # type: ignore[arg-type]
        said = applied.run("apply", "qa", expect=None)
        assert rule.hits, "the moment came"
        assert said.code in (0, 1, 5), said
        assert said.code == 0 or "again" in said.text, said
        proxy.calm()
    applied.environment[STATE] = database
    finished(applied, before)


def test_a_server_that_is_killed_in_the_middle_of_a_write_is_waited_for_or_told(
    applied: Bench, postgresql: PostgreSql, database: str
) -> None:
    in_database(applied, database)
    before = applied.mark()
    applied.platform.fault("delay", method="PATCH", path="/api/", seconds=1.0)
    process = applied.start("apply", "qa")
    applied.until(lambda: bool(applied.platform.faults()[0]["hits"]), "the PATCH")
    postgresql.kill()
    postgresql.start()
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in (0, 1, 5), (out, err)
    assert "Traceback" not in err
    finished(applied, before)


@pytest.mark.parametrize(
    ("restarts", "between"), [(1, (0.0, 0.0)), pytest.param(12, (5.0, 40.0), marks=pytest.mark.faults)]
)
def test_a_controller_under_load_outlives_restarts_of_its_database(
    applied: Bench,
    postgresql: PostgreSql,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    restarts: int,
    between: tuple[float, float],
) -> None:
    monkeypatch.setattr(
        bench, "PATIENCE", 300.0
    )  # three stages of one organization, one after the other, cut each time
    applied.environment[STATE] = database
    applied.run("apply", "qa")
    remote(applied)
    before = applied.mark()
    over = threading.Event()
    drawn = random.Random(1)

    def restart() -> None:
        for number in range(restarts):
            time.sleep(drawn.uniform(*between))
            postgresql.kill() if number % 2 == 0 else postgresql.stop()
            postgresql.start()
        over.set()

    commits = 0
    with controller(applied):
        restarting = threading.Thread(target=restart)
        restarting.start()
        while not over.is_set() or commits < 2:
            old, new = ("587", "2587") if commits % 2 == 0 else ("2587", "587")
            applied.change(EMAIL, f"port: {old}", f"port: {new}")
            push(applied)
            commits += 1
            applied.until(lambda new=new: all(port(applied, app) == new for app in APPS), f"commit {commits} is live")  # type: ignore[misc]
        restarting.join()
    assert applied.writes(before)["PATCH", "QA"] == commits, "once for each commit"
    applied.run("history", "--verify").shows("none altered")
    applied.run("plan", "qa", "--detailed-exitcode")

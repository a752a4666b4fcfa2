"""PostgreSQL with damaged pages of our tables: it stops loudly, says what to do, and nothing is written.

The server keeps checksums, as it does by default since release 18. Not here: a damaged SQLite file (``test_damage``).
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import APPS, EMAIL, controller, port, push, remote
from tests.postgresql import PostgreSql, require

STATE = "STAGEMAIL_STATE"
NEXT = ("is damaged", "restore the database, or name a new one")
TABLES = [
    "applied",
    *(pytest.param(name, marks=pytest.mark.faults) for name in ("leases", "marks", "runs", "standings")),
]
"""Those that every run reads before it writes."""


@pytest.fixture(scope="module")
def checked() -> Iterator[PostgreSql]:
    """A server of its own whose pages have checksums."""
    require()
    server = PostgreSql()
    server.keep_checksums()
    assert server.sql("postgres", "SHOW data_checksums")[0][0] == "on"
    yield server
    server.close()


@contextmanager
def damaged(server: PostgreSql, database: str, table: str) -> Iterator[None]:
    """Every page of a table is noise meanwhile."""
    server.sql(database, "CHECKPOINT")
    path = server.folder / "data" / str(server.sql(database, f"SELECT pg_relation_filepath('{table}')")[0][0])
    good = path.read_bytes()
    assert good, "it has pages"
    server.stop()
    path.write_bytes(random.Random(1).randbytes(len(good)))
    server.start()
    try:
        yield
    finally:
        server.stop()
        path.write_bytes(good)
        server.start()


@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_table_stops_it_loudly_before_anything_is_written(
    applied: Bench, checked: PostgreSql, table: str
) -> None:
    database = checked.create()
    applied.environment[STATE] = checked.url(database)
    applied.run("apply", "qa")
    applied.change(EMAIL, "port: 587", "port: 2587")
    before = applied.mark()
    with damaged(checked, database, table):
        applied.run("apply", "qa", expect=1).shows(*NEXT)
        assert applied.ledger(before) == [], "it wrote with a damaged record"
    applied.run("apply", "qa").shows("live on 5 of 5 apps")
    assert applied.writes(before)["PATCH", "QA"] == 1
    applied.run("history", "--verify").shows("none altered")


def test_a_controller_over_a_damaged_database_writes_nothing_and_takes_the_good_one(
    applied: Bench, checked: PostgreSql
) -> None:
    database = checked.create()
    applied.environment[STATE] = checked.url(database)
    applied.run("apply", "qa")
    remote(applied)
    applied.change(EMAIL, "port: 587", "port: 2587")
    push(applied)
    before = applied.mark()
    with damaged(checked, database, "applied"), controller(applied) as process:
        assert process.stdout is not None
        assert any("is damaged" in line for line in iter(process.stdout.readline, "")), "it is said in the log"
        assert applied.ledger(before) == []
    with controller(applied):
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "it is live with the good one")
    assert applied.writes(before)["PATCH", "QA"] == 1

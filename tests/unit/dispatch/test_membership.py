"""Who is alive among several processes: the silent are found, one controller leads, and news reaches it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event

import pytest
from tests.postgresql import PostgreSql

from stagemail.dispatch.exchange import PostgresExchange
from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.dispatch.membership import Membership
from stagemail.model.news import News

PATIENCE = 120.0
LONG = 600.0
"""Seconds of silence that no test lasts for."""
Join = Callable[..., Membership]


@pytest.fixture
def join(database: str) -> Iterator[Join]:
    with ExitStack() as stack:

        def joined(owner: str, beat: float = 0.1, silence: float = 1.0, **more: object) -> Membership:
            jobs = JobsDatabase(database).prepare()
            stack.callback(jobs.close)
            member = Membership(jobs, owner, beat=beat, silence=silence, **more)  # type: ignore[arg-type]
            stack.callback(member.leave)
            member.start()
            return member

        yield joined


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def sql(postgresql: PostgreSql, database: str, *statements: str) -> list[object]:
    named = ["SET search_path = stagemail_jobs; " + statement for statement in statements]
    return list(postgresql.sql(database.rpartition("/")[2], *named))


def test_a_process_that_is_silent_is_gone_and_one_that_beats_is_not(
    join: Join, postgresql: PostgreSql, database: str
) -> None:
    alive = join("alive")
    until(lambda: bool(postgresql.sql(database.rpartition("/")[2], "SELECT 1 FROM stagemail_jobs.members")))
    sql(postgresql, database, "INSERT INTO members VALUES ('dead', now() - interval '1 hour')")
    until(lambda: alive.is_gone("dead"))
    assert not alive.is_gone("alive")
    assert not alive.is_gone("a person's command"), "who never beat is not known to have stopped"


def test_a_process_that_came_just_now_judges_nobody(join: Join, postgresql: PostgreSql, database: str) -> None:
    new = join("new", beat=0.05, silence=LONG)
    until(lambda: new.quiet < LONG and not new.is_gone("new"))
    sql(postgresql, database, "INSERT INTO members VALUES ('dead', now() - interval '1 hour')")
    time.sleep(0.5)
    assert not new.is_gone("dead")


def test_one_controller_leads_and_another_follows_it_when_it_ends(join: Join) -> None:
    changed = Event()
    first = join("first", candidate=True, silence=LONG, changed=changed.set)
    until(lambda: first.leads)
    assert changed.is_set()
    second = join("second", candidate=True, silence=LONG)
    worker = join("worker", silence=LONG)
    time.sleep(0.3)  # some of their beats; none of them is silent for as long as LONG
    assert (first.leads, second.leads, worker.leads) == (True, False, False)
    first.leave()
    until(lambda: second.leads)
    assert not first.leads


def test_a_controller_that_vanished_is_followed_when_it_was_silent_for_long_enough(
    join: Join, postgresql: PostgreSql, database: str
) -> None:
    member = join("first", candidate=True)
    until(lambda: member.leads)
    member.leave()
    sql(postgresql, database, "INSERT INTO leader VALUES ('controller', 'vanished', now())")
    second = join("second", candidate=True, silence=LONG)
    time.sleep(0.3)
    assert not second.leads
    sql(postgresql, database, f"UPDATE leader SET beat = beat - interval '{LONG:.0f} seconds'")
    until(lambda: second.leads)


def test_news_reaches_who_leads(join: Join, database: str) -> None:
    jobs = JobsDatabase(database)
    exchange, heard = PostgresExchange(jobs), []
    leader = join("leader", beat=20.0, silence=60.0, candidate=True, news=lambda: heard.extend(exchange.take()))
    until(lambda: leader.leads)
    exchange.tell(News("look", "shop"))
    until(lambda: heard == [News("look", "shop")])
    jobs.close()


def test_a_database_that_goes_away_ends_the_lead_and_is_complained_of_once(join: Join, postgresql: PostgreSql) -> None:
    said: list[str] = []
    leader = join("leader", candidate=True, complain=said.append, relieved=lambda: said.append("well again"))
    until(lambda: leader.leads)
    with postgresql.away():
        until(lambda: not leader.leads)
        time.sleep(0.5)
    until(lambda: leader.leads)
    assert [sentence.partition(" is away")[0] for sentence in said] == ["PostgreSQL", "well again"], said
    assert "look at `state` in the operator file" in said[0]


def test_who_finds_the_database_back_has_its_process_connect_anew(join: Join, postgresql: PostgreSql) -> None:
    back = Event()
    jobs = join("one", relieved=back.set)._database
    with ExitStack() as used:
        for _ in range(4):
            used.enter_context(jobs.pool.connection())
    with postgresql.away():
        pass
    assert back.wait(PATIENCE)
    assert jobs.rows("SELECT 1") == [(1,)], "no statement has to find out one by one that four connections are dead"

"""The record in PostgreSQL, from the first command to the controller that finds its database away."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import MakeBench
from tests.acceptance.test_controller import EMAIL, controller, port, push, remote
from tests.acceptance.test_interrupted import slower
from tests.postgresql import GUARDED, PostgreSql
from tests.postgresql import PASSWORD as DATABASE_PASSWORD

KEY = "acceptance-record-key-0123456789abcdef"


def test_every_command_works_with_another_record_than_the_operator_file_names(
    make_bench: MakeBench, database: str
) -> None:
    bench = make_bench()
    state = ("--state", database)
    bench.run(*state, "plan", "qa", "--detailed-exitcode", expect=3)
    bench.run(*state, "apply", "qa")
    bench.run(*state, "plan", "qa", "--detailed-exitcode")
    bench.run(*state, "apply", "qa", "--if-changed")
    bench.run(*state, "status", "qa").shows("qa Ready")
    bench.run(*state, "drift", "qa")
    bench.run(*state, "history", "--verify").shows("none altered")
    bench.run(*state, "history", "qa").shows("done")
    bench.run(*state, "doctor", "qa", expect=None).shows(f"{database}: last run").hides("could read and change")
    bench.run(*state, "suspend", "qa", "--reason", "the vendor moves")
    bench.run(*state, "resume", "qa")
    bench.run(*state, "secrets", "rotate-key")
    bench.run(*state, "history", "--verify").shows("none altered")
    bench.environment["STAGEMAIL_STATE"] = database
    bench.run("status", "qa").shows("qa Ready")
    bench.unset("STAGEMAIL_STATE")
    bench.run("status", "qa").shows("no run yet")


def test_password_and_key_come_from_the_secret_store_and_another_host_needs_nothing_else(
    make_bench: MakeBench, postgresql: PostgreSql, database: str
) -> None:
    bench = make_bench()
    postgresql.sql("postgres", f"ALTER DATABASE {urlsplit(database).path[1:]} OWNER TO {GUARDED}")
    url = database.replace("stagemail@", f"{GUARDED}@")
    references = (
        f"state: {url}\n"
        "stateKey: {secretRef: {store: env, key: RECORD_KEY}}\n"
        "statePassword: {secretRef: {store: env, key: RECORD_PASSWORD}}"
    )
    bench.change("stagemail.yaml", "state: sqlite:///stagemail.db", references)
    bench.run("apply", "qa", expect=1).shows("STAGEMAIL_RECORD_PASSWORD")
    bench.environment |= {"STAGEMAIL_RECORD_KEY": KEY, "STAGEMAIL_RECORD_PASSWORD": "wrong-password-here"}
    bench.run("status", "qa", expect=1).shows("lets us not in", "statePassword").hides("wrong-password-here")
    bench.environment["STAGEMAIL_RECORD_PASSWORD"] = DATABASE_PASSWORD
    bench.run("apply", "qa").hides(DATABASE_PASSWORD, KEY)
    bench.run("plan", "qa", "--detailed-exitcode")
    assert not list(bench.repository.glob("*.key"))
    bench.run("secrets", "check", "qa", expect=None).hides(DATABASE_PASSWORD, KEY)


@pytest.mark.parametrize("state", ["postgresql://u:hunter2@db/x", "mysql://u:hunter2@db/x"])
def test_an_address_that_cannot_be_taken_is_refused_without_repeating_it(bench: Bench, state: str) -> None:
    bench.run("--state", state, "status", expect=2).hides("hunter2")


def test_a_database_that_is_away_is_told_with_the_next_step(
    applied: Bench, postgresql: PostgreSql, database: str
) -> None:
    state = ("--state", database)
    applied.run(*state, "apply", "qa")
    before = applied.mark()
    with postgresql.away():
        for verb in ("plan", "apply", "status", "history", "drift"):
            applied.run(*state, verb, "qa", expect=1).shows("does not answer", "start PostgreSQL")
        applied.run(*state, "doctor", "qa", expect=1).shows("does not answer")
    assert applied.mark() == before
    applied.run(*state, "apply", "qa")


@pytest.fixture
def stopped(postgresql: PostgreSql) -> Iterator[PostgreSql]:
    """The server, away; the test starts it."""
    postgresql.stop()
    yield postgresql
    postgresql.stop()
    postgresql.start()


def address_of(output: Iterator[str]) -> str:
    """Where the controller listens."""
    for line in output:
        found = re.search(r"listening on (\S+)", line)
        if found:
            return f"http://{found[1]}"
    raise AssertionError("it listens nowhere")


def test_a_controller_begins_without_its_database_and_goes_on_when_it_is_back(
    applied: Bench, database: str, stopped: PostgreSql, tmp_path: Path
) -> None:
    applied.change(
        "stagemail.yaml", "state: sqlite:///stagemail.db", f"state: {database}\nweb: {{listen: 127.0.0.1:0}}"
    )
    remote(applied)
    applied.change(EMAIL, "port: 587", "port: 2587")
    push(applied)
    with controller(applied) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        url = address_of(lines)
        assert any("jobs: PostgreSQL is away" in line for line in lines)
        applied.until(lambda: "the record: " in httpx2.get(f"{url}/readyz").text, "it says what is away")
        assert httpx2.get(f"{url}/readyz").status_code == 503
        assert httpx2.get(f"{url}/healthz").status_code == 200
        stopped.start()
        assert any("jobs: PostgreSQL answers again" in line for line in lines)
        applied.until(lambda: httpx2.get(f"{url}/readyz").status_code == 200, "it is ready")
        applied.until(lambda: port(applied) == "2587", "the change is live")
        stopped.kill()
        applied.change(EMAIL, "port: 2587", "port: 587")
        push(applied)
        applied.until(lambda: httpx2.get(f"{url}/readyz").status_code == 503, "it is not ready")
        stopped.start()
        applied.until(lambda: port(applied) == "587", "the next change is live")
    applied.run("history", "--verify").shows("none altered")


def test_of_two_hosts_that_apply_at_once_one_writes(bench: Bench, database: str) -> None:
    before = bench.mark()
    slower(bench)
    processes = [bench.start("--state", database, "apply", "qa") for _ in range(2)]
    told = ["".join(process.communicate(timeout=300)) for process in processes]
    assert not any("Traceback" in text for text in told), told
    assert 0 in {process.returncode for process in processes}, told
    for process, text in zip(processes, told, strict=True):
        assert process.returncode == 0 or "is being written to by" in text, text
    assert bench.writes(before)["PATCH", "QA"] == 1
    bench.run("--state", database, "plan", "qa", "--detailed-exitcode")
    bench.run("--state", database, "history", "--verify").shows("none altered")

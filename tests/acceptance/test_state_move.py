"""The record moves from SQLite to PostgreSQL by one command: all of it or nothing, and nobody goes on with the old."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from tests.acceptance.bench import Bench
from tests.postgresql import PostgreSql

from stagemail.mail.outbox import FolderOutbox
from stagemail.model.message import Message

COUNTED = "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM events), (SELECT count(*) FROM applied)"


def named(bench: Bench, url: str) -> None:
    """The operator file names the new record, as the command said."""
    bench.change("stagemail.yaml", "state: sqlite:///stagemail.db", f"state: {url}")


def test_the_whole_record_moves_and_what_was_applied_is_known_there(applied: Bench, database: str) -> None:
    before = applied.run("history", "qa", "--format", "json").out
    applied.run("state", "move", "--to", database).shows("none altered", f"state: {database}", "stagemail doctor")
    mark = applied.mark()
    applied.run("apply", "qa", expect=1).shows("was moved to", f"state: {database}")
    named(applied, database)
    assert applied.run("history", "qa", "--format", "json").out == before
    applied.run("history", "--verify").shows("none altered")
    applied.run("plan", "qa", "--detailed-exitcode")
    applied.run("apply", "qa")
    applied.run("history", "--verify").shows("none altered")
    assert {method for method, _ in applied.writes(mark)} <= {"GET"}, "nothing was left to write"
    assert {path.name for path in applied.repository.glob("*.postgresql.key")}
    applied.run("state", "move", "--to", database, expect=2).shows("only one in SQLite")


def test_a_message_that_was_sent_once_is_known_as_sent_after_the_move(applied: Bench, database: str) -> None:
    sent = Message(
        "RE-1", 1, "key", "qa", "", "a@example.com", ("b@example.com",), "<1@example.com>", "Test",
        datetime(2026, 11, 27, tzinfo=UTC), "ada", "accepted", "250 ok",
    )  # fmt: skip
    old = FolderOutbox(applied.repository / "stagemail.db.messages")
    old.begin(sent)
    applied.run("state", "move", "--to", database)
    named(applied, database)
    assert FolderOutbox(applied.repository / "stagemail.messages").messages() == old.messages() == (sent,)


def test_a_process_that_has_the_old_record_open_writes_no_more(applied: Bench, database: str) -> None:
    program = [sys.executable, "-c", HOLDER, str(applied.repository)]
    holder = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    applied.run("state", "move", "--to", database)
    out, _ = holder.communicate("go on\n", timeout=120)
    assert "was moved to" in out


HOLDER = """
from pathlib import Path
import os, sys
from datetime import UTC, datetime
from stagemail.errors import UserMustFix
from stagemail.record.state import open_record
from stagemail.wiring.opening import clock
record = open_record("sqlite:///stagemail.db", Path(sys.argv[1]), randomness=os.urandom, clock=clock())
record.release(record.acquire("other", "holder", datetime.now(UTC), 60))
print("open", flush=True)
sys.stdin.readline()
try:
    record.acquire("other", "holder", datetime.now(UTC), 60)
except UserMustFix as error:
    print(error)
"""


def test_what_is_no_address_of_a_database_is_said_of_the_option_that_names_it(applied: Bench) -> None:
    applied.run("state", "move", "--to", "nonsense", expect=2).shows("--to does not name a database", "postgresql://")
    said = applied.run("state", "move", "--to", "postgresql://ann:hunter2-hunter2@db/mail", expect=2)
    said.shows("the address in --to holds a password").hides("hunter2")


def test_a_database_that_holds_something_else_is_refused(applied: Bench, database: str) -> None:
    applied.run("--state", database, "apply", "qa")
    applied.run("state", "move", "--to", database, expect=1).shows("holds something already", "createdb")
    applied.run("history", "qa").shows("done")


def test_a_database_that_was_only_looked_at_is_empty_still(applied: Bench, database: str) -> None:
    applied.run("--state", database, "history", "qa")
    applied.run("state", "move", "--to", database)
    named(applied, database)
    applied.run("history", "--verify").shows("none altered")


def test_while_a_run_is_under_way_nothing_moves(applied: Bench, database: str) -> None:
    applied.run("apply", "qa")
    with closing(sqlite3.connect(applied.repository / "stagemail.db")) as record, record:
        record.execute("UPDATE leases SET owner = 'somebody@elsewhere', until = '2999-01-01T00:00:00.000000Z'")
    applied.run("state", "move", "--to", database, expect=1).shows("is being written to by somebody")
    applied.run("--state", database, "history", "qa").hides("done")


def test_a_key_of_the_store_must_be_the_records_own(applied: Bench, database: str) -> None:
    own = (applied.repository / "stagemail.db.key").read_bytes().hex()
    reference = f"state: {database}\nstateKey: {{secretRef: {{store: env, key: RECORD_KEY}}}}"
    applied.change("stagemail.yaml", "state: sqlite:///stagemail.db", reference)
    applied.environment["STAGEMAIL_RECORD_KEY"] = "another-key-of-enough-letters-0123456789"
    move = ("--state", "sqlite:///stagemail.db", "state", "move", "--to", database)
    applied.run(*move, expect=1).shows("od -An -vtx1 stagemail.db.key")
    applied.environment["STAGEMAIL_RECORD_KEY"] = own
    applied.run(*move).hides(own)
    applied.run("plan", "qa", "--detailed-exitcode")
    applied.run("history", "--verify").shows("none altered")
    assert not list(applied.repository.glob("*.postgresql.key"))


FATAL = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
where = os.environ.pop("FATAL")
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if where == "commit-1":
    from stagemail.record import moving
    event.listen(Engine, "commit", lambda c: die() if moving_began else None)
    moving_began = []
    real = moving._copied
    def copied(*given):
        found = real(*given)
        moving_began.append(1)
        return found
    moving._copied = copied
elif where == "close":
    from stagemail.record import moving
    moving.close_for_good = die
elif where == "key":
    from stagemail.record.key_file import KeyFile
    KeyFile.adopt = die
else:
    def die_there(conn, cursor, statement, *rest):
        if statement.startswith(where):
            die()
    event.listen(Engine, "before_cursor_execute", die_there)
from stagemail.cli.main import main
main()
"""


@pytest.mark.parametrize("where", ["INSERT INTO events", "SELECT setval", "commit-1", "close", "key"])
def test_a_move_that_is_killed_leaves_nothing_or_all_and_is_finished_by_another(
    where: str, applied: Bench, postgresql: PostgreSql, database: str
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", FATAL, "state", "move", "--to", database],
        cwd=applied.repository, env={**os.environ, **applied.environment, "FATAL": where}, timeout=60, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    (row,) = postgresql.sql(urlsplit(database).path[1:], COUNTED)
    assert (0 in row) is (where not in ("close", "key")), row
    if where != "key":
        applied.run("state", "move", "--to", database).shows("none altered")
    named(applied, database)
    applied.run("history", "--verify").shows("none altered")
    applied.run("plan", "qa", "--detailed-exitcode")


def test_a_lost_key_of_postgresql_is_let_go_of_by_a_command(applied: Bench, database: str) -> None:
    applied.run("state", "move", "--to", database)
    named(applied, database)
    applied.run("state", "forget-key").shows("nothing was changed")
    (key,) = applied.repository.glob("*.postgresql.key")
    key.unlink()
    applied.run("status", "qa", expect=1).shows("fingerprint key is not here", "stateKey")
    applied.run("state", "forget-key").shows("count as unverified")
    applied.run("status", "qa").shows("qa")
    applied.run("apply", "qa")
    applied.run("history", "--verify")

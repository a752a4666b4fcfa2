"""The controller copies the journal to a branch: Git away holds nothing up, and what was altered or lost is told."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from tests.acceptance import bench as benches
from tests.acceptance.bench import GIT, Bench
from tests.acceptance.test_controller import APPS, EMAIL, controller, port, push, remote

BRANCH = "stagemail-journal"


def audited(bench: Bench) -> Path:
    """The controller's setup, with a repository for the journal's copy beside the one of the documents."""
    remote(bench)
    audit = bench.folder / "audit.git"
    subprocess.run([*GIT, "init", "--quiet", "--bare", str(audit)], check=True)
    text = bench.read("stagemail.yaml")
    key = "{secretRef: {store: env, key: JOURNAL_KEY}}"
    bench.write("stagemail.yaml", f"{text}journal: {{branch: {BRANCH}, url: 'file://{audit}', key: {key}}}\n")
    bench.environment["STAGEMAIL_JOURNAL_KEY"] = "journal-key-of-this-test-0123456789"
    return audit


def commits(audit: Path) -> int:
    done = subprocess.run(
        ["git", "rev-list", "--count", BRANCH, "--"], cwd=audit, capture_output=True, text=True, check=False
    )
    return int(done.stdout or 0)


def test_what_the_controller_does_is_on_the_branch_and_both_say_the_same(applied: Bench) -> None:
    audit = audited(applied)
    applied.run("history", "--verify").shows("newer and not copied yet")
    with controller(applied):
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "the change is live")
        applied.until(
            lambda: "not copied yet" not in applied.run("history", "--verify").out, "everything is on the branch"
        )
    text = applied.run("history", "--verify").shows("none altered, removed or moved", f"{BRANCH} has the same").text
    assert "0 events" not in text
    with closing(sqlite3.connect(applied.repository / "stagemail.db")) as connection, connection:
        connection.execute("UPDATE runs SET actor = 'eve-' || actor WHERE seq = 1")
    applied.run("history", "--verify", expect=1).shows("what `history` lists was altered: run ", "in its actor")
    with closing(sqlite3.connect(applied.repository / "stagemail.db")) as connection, connection:
        connection.execute("UPDATE runs SET actor = substr(actor, 5) WHERE seq = 1")
    with closing(sqlite3.connect(applied.repository / "stagemail.db")) as connection, connection:
        connection.execute("DELETE FROM events WHERE seq = (SELECT min(seq) FROM events WHERE kind = 'settled')")
    told = applied.run("history", "--verify", expect=1)
    told.shows("(settled of qa, ", f"is on the branch {BRANCH} and not in the database", "in the database: event")
    assert commits(audit) > 0


def test_a_journal_in_postgresql_is_copied_too_and_read_back_without_it(
    applied: Bench, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benches, "PATIENCE", 300.0)  # a first run over three stages, and a database beside it
    audit = audited(applied)
    applied.environment["STAGEMAIL_STATE"] = database
    with controller(applied):
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "it is live")
        applied.until(
            lambda: "not copied yet" not in applied.run("history", "--verify").out, "everything is on the branch"
        )
    text = applied.run("history", "--verify").shows("none altered, removed or moved", f"{BRANCH} has the same").text
    assert "0 events" not in text
    assert commits(audit) > 0
    before = applied.run("history", "qa").out
    applied.environment["STAGEMAIL_STATE"] = "postgresql://stagemail@127.0.0.1:9/away"
    told = applied.run("history", "qa", "--from-branch").shows("wrote qa", "live since").out
    assert before.endswith(told), "what the controller did while it stopped was not copied any more"


def _on_branch(bench: Bench, *stage: str) -> str:
    return bench.run("history", *stage, "--from-branch").out


def test_history_is_read_from_the_branch_when_the_database_is_lost(applied: Bench) -> None:
    audited(applied)
    applied.run("suspend", "qa", "--reason", "CHG-9")
    with controller(applied):
        applied.until(
            lambda: all(said in _on_branch(applied, "qa") for said in ("live since", "CHG-9")), "both were copied"
        )
    before = applied.run("history", "qa").shows("qa suspended by", "because CHG-9").out
    for path in applied.repository.glob("stagemail.db*"):
        path.unlink()
    told = applied.run("history", "qa", "--from-branch").shows("qa suspended by", "because CHG-9").out
    assert before.endswith(told), "what the controller did while it stopped was not copied any more"
    assert not list(applied.repository.glob("stagemail.db*")), "reading the branch makes no database"
    applied.run("history").shows("no runs are recorded", "stagemail history --from-branch")
    applied.run("history", "--verify", expect=1).shows("goes on after the database")


def test_a_repository_that_is_away_holds_nothing_up_and_is_caught_up_with(applied: Bench) -> None:
    audit = audited(applied)
    away = audit.with_name("away.git")
    audit.rename(away)
    with controller(applied) as process:
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "the change is live all the same")
        assert process.stdout is not None
        told = next(line for line in iter(process.stdout.readline, "") if "of the journal not on the branch" in line)
        assert BRANCH in told
        away.rename(audit)
        applied.until(lambda: commits(audit) > 0, "it is copied")
    applied.run("history", "--verify").shows("has the same")

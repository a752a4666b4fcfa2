"""The journal's copy on a branch: whole, once, never believed where it was touched, and compared with the database."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.contract.test_record import intent, outcome, run
from tests.unit.record.branches import remote, run_git
from tests.unit.record.clocks import WallClock

from stagemail import git
from stagemail.errors import CorruptRecord, NotFound, Unreachable, UserMustFix
from stagemail.journal_ports import Archived
from stagemail.model.event import Anew, Copied, Event
from stagemail.ports import Entry
from stagemail.reconcile.archiving import copy, waiting
from stagemail.reconcile.comparing_journals import compared
from stagemail.record import journal_branch
from stagemail.record.journal_branch import JournalBranch
from stagemail.record.journal_runs import told
from stagemail.record.kept import KeptRecord
from stagemail.record.state import open_record

BRANCH = "stagemail-journal"
KEY = b"j" * 32
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass
class Bench:
    """A database, a remote, and a copy of one on the other. ``others``: copies as another process sees them."""

    folder: Path
    origin: Path
    record: KeptRecord

    def archive(self, key: bytes = KEY, name: str = "shop") -> JournalBranch:
        repository = git.workshop(f"file://{self.origin}", self.folder / name, ("file",))
        at = git.RemoteBranch(repository, BRANCH, git.Access(protocols=("file",)))
        return JournalBranch(BRANCH, lambda: at, key, lambda: NOON)

    def happen(self, *numbers: int) -> None:
        for number in numbers:
            self.record.append([Entry(run=run(number))], None)

    def sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "record.db")) as connection, connection:
            connection.execute(statement)

    def lines(self, file: str = "journal-000000001.jsonl") -> list[str]:
        return run_git(self.origin, "show", f"{BRANCH}:{file}").split("\n")

    def rewrite(self, lines: list[str], *parents: str) -> None:
        """Somebody with push access puts these lines in the file's place."""
        blob = run_git(self.origin, "hash-object", "-w", "--stdin", stdin="".join(f"{line}\n" for line in lines))
        tree = run_git(self.origin, "mktree", stdin=f"100644 blob {blob}\tjournal-000000001.jsonl\n")
        by = [part for parent in parents for part in ("-p", parent)]
        commit = run_git(self.origin, "commit-tree", tree, *by, "-m", "Mend")
        run_git(self.origin, "update-ref", f"refs/heads/{BRANCH}", commit)


def opened(folder: Path) -> KeptRecord:
    return open_record("sqlite:///record.db", folder, randomness=os.urandom, clock=WallClock())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with opened(tmp_path) as record:
        yield Bench(tmp_path, remote(tmp_path), record)


def test_what_happened_is_on_the_branch_once_and_says_the_same(bench: Bench) -> None:
    bench.happen(1, 2)
    archive = bench.archive()
    assert copy(bench.record, archive).events == 2
    assert copy(bench.record, archive).events == 0
    bench.happen(3)
    assert waiting(bench.record, BRANCH) == 1
    assert copy(bench.record, bench.archive(name="elsewhere")).events == 1, "another host goes on where it ends"
    assert [line.number for line in bench.archive().read() if isinstance(line, Event)] == [1, 2, 3]
    found = compared(bench.record, bench.archive())
    assert (found.same, found.waiting, found.fault) == (3, 0, "")
    bench.happen(4)
    assert compared(bench.record, bench.archive()).waiting == 1


def test_two_that_copy_at_once_copy_each_event_once(bench: Bench) -> None:
    one, other = bench.archive(), bench.archive(name="other")
    bench.happen(1)
    copy(bench.record, one)
    other.end()
    bench.happen(2)
    copy(bench.record, one)
    bench.happen(3)
    assert copy(bench.record, other).events == 1
    assert compared(bench.record, one).same == 3


def test_a_push_that_lost_the_race_adds_nothing(bench: Bench) -> None:
    bench.happen(1, 2)
    slow = bench.archive(name="slow")
    seen = slow.end()
    copy(bench.record, bench.archive())
    assert slow.add([Anew(0), *bench.record.events(0, 1)], seen) is None
    assert compared(bench.record, slow).same == 2


def test_many_events_fill_several_files_of_one_chain(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_branch, "LARGE", 400)
    for number in range(1, 7):
        bench.happen(number)
        copy(bench.record, bench.archive())
    files = run_git(bench.origin, "ls-tree", "--name-only", BRANCH).split("\n")
    assert len(files) > 1
    assert compared(bench.record, bench.archive(name="fresh")).same == 6
    run_git(bench.folder, "clone", "--quiet", "--branch", BRANCH, f"file://{bench.origin}", "work")
    (bench.folder / "work" / files[0]).unlink()
    run_git(bench.folder / "work", "commit", "--quiet", "--all", "-m", "Lighten")
    run_git(bench.folder / "work", "push", "--quiet", "origin", BRANCH)
    with pytest.raises(CorruptRecord, match=r"has the number \d+ where 1 should be"):
        compared(bench.record, bench.archive(name="fresh"))


def swapped(lines: list[str]) -> list[str]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


FORGERIES: list[tuple[str, Callable[[list[str]], list[str]], str]] = [
    ("changed", lambda old: [*old[:2], old[2].replace('"qa"', '"xx"'), *old[3:]], r":3 was forged or changed"),
    ("moved", swapped, r":2 has the number 3 where 2 should be"),
    ("removed", lambda old: [*old[:2], *old[3:]], r":3 has the number 4 where 3 should be"),
    ("first-removed", lambda old: old[1:], r":1 has the number 2 where 1 should be"),
    ("last-removed", lambda old: old[:-1], r":4 is missing: the commit .* had recorded 4 lines"),
    ("nonsense", lambda old: [*old, "{}"], r":5 is none of ours"),
]


@pytest.mark.parametrize(("name", "forge", "said"), FORGERIES, ids=[each[0] for each in FORGERIES])
def test_a_line_that_was_touched_is_named_and_nothing_more_is_copied(
    bench: Bench, name: str, forge: Callable[[list[str]], list[str]], said: str
) -> None:
    bench.happen(1, 2, 3)
    copy(bench.record, bench.archive())
    bench.rewrite(forge(bench.lines()), BRANCH)
    with pytest.raises(CorruptRecord, match=said):
        compared(bench.record, bench.archive())
    bench.happen(4)
    before = run_git(bench.origin, "rev-parse", BRANCH)
    with pytest.raises(CorruptRecord, match=said) as caught:
        copy(bench.record, bench.archive())
    assert "journal.branch" in caught.value.hint
    assert run_git(bench.origin, "rev-parse", BRANCH) == before


def test_another_key_and_a_line_of_a_newer_stagemail_are_told_from_forgeries(bench: Bench) -> None:
    bench.happen(1)
    copy(bench.record, bench.archive())
    with pytest.raises(CorruptRecord, match=r"another key than `journal\.key`"):
        compared(bench.record, bench.archive(key=b"k" * 32))
    seals = journal_branch.JournalSeals(KEY, "b")
    line, _ = seals.line({"kind": "anew", "stage": "", "format": 2, "after": 0}, journal_branch.End(), "2026")
    with pytest.raises(UserMustFix, match="does not understand"):
        seals.read(line, journal_branch.End())


def test_a_branch_that_was_rewound_or_deleted_is_told_and_left_as_it_is(bench: Bench) -> None:
    bench.happen(1)
    copy(bench.record, bench.archive())
    first = run_git(bench.origin, "rev-parse", BRANCH)
    bench.happen(2)
    copy(bench.record, bench.archive())
    run_git(bench.origin, "update-ref", f"refs/heads/{BRANCH}", first)
    bench.happen(3)
    with pytest.raises(CorruptRecord, match="has 2 lines, and 3 had been copied"):
        copy(bench.record, bench.archive())
    assert "rewound" in compared(bench.record, bench.archive(name="fresh")).fault
    assert run_git(bench.origin, "rev-parse", BRANCH) == first
    run_git(bench.origin, "update-ref", "-d", f"refs/heads/{BRANCH}")
    with pytest.raises(CorruptRecord, match="is gone, and 3 had been copied"):
        copy(bench.record, bench.archive())
    assert "is gone" in compared(bench.record, bench.archive()).fault


TAMPERING = [
    ("DELETE FROM events WHERE seq = 2", "event 2 (run of qa, ", "it was deleted there"),
    ("UPDATE events SET stage = 'xx' WHERE seq = 2", "event 2 (run of xx, ", "is another one in the database"),
    ("UPDATE events SET body = '{}' WHERE seq = 3", "event 3 (run of qa, ", '"run":"run-3"'),
    ("DELETE FROM events WHERE seq > 1", "event 2 (run of qa, ", "goes on after the database: 2 events more"),
    ("DELETE FROM events", "event 1 (run of qa, ", "goes on after the database: 3 events more"),
    (
        "INSERT INTO events SELECT 0, at, stage, kind, body, seal FROM events WHERE seq = 1",
        "event 0 (run of qa, ",
        "not on the branch",
    ),
]


@pytest.mark.parametrize(("statement", "place", "said"), TAMPERING)
def test_the_first_difference_between_database_and_branch_is_named(
    bench: Bench, statement: str, place: str, said: str
) -> None:
    bench.happen(1, 2, 3)
    copy(bench.record, bench.archive())
    bench.sql(statement)
    fault = compared(bench.record, bench.archive()).fault
    assert place in fault
    assert said in fault


def test_after_the_database_was_lost_the_copy_begins_anew_and_keeps_what_it_has(bench: Bench) -> None:
    bench.happen(1, 2)
    bench.record.append([Entry(intent=intent(7)), Entry(settled=("intent-7", outcome("s1")))], None)
    copy(bench.record, bench.archive())
    other = bench.folder / "another"
    other.mkdir()
    with opened(other) as new:
        assert copy(new, bench.archive()).events == 0, "nothing is in it yet"
        assert "goes on after the database: 4 events more" in compared(new, bench.archive()).fault
        new.append([Entry(run=run(8))], None)
        done = copy(new, bench.archive())
        assert (done.events, done.begun_anew) == (1, True)
        new.append([Entry(run=run(9))], None)
        again = copy(new, bench.archive(name="fresh"))
        assert (again.events, again.begun_anew) == (1, False)
        found = compared(new, bench.archive())
        assert found.same == 2
        assert "has 4 events of another database, from event 1 (run of qa" in found.fault
        assert "--from-branch" in found.hint
    runs = told(bench.archive().read()).runs("qa", 9)
    assert [each.id for each in runs] == ["run-9", "run-8", "run-2", "run-1"]
    assert runs[-1].outcomes == (outcome("s1"),)


def test_an_older_copy_of_the_database_goes_on_after_what_both_have(bench: Bench) -> None:
    bench.happen(1, 2)
    copy(bench.record, bench.archive())
    bench.record.close()
    older = bench.folder / "older"
    older.mkdir()
    for path in bench.folder.glob("record.db*"):
        (older / path.name).write_bytes(path.read_bytes())
        (older / path.name).chmod(0o600)
    bench.happen(3, 4)
    copy(bench.record, bench.archive())
    with opened(older) as restored:
        restored.append([Entry(run=run(5))], None)
        assert copy(restored, bench.archive()).begun_anew
        assert list(bench.archive().read())[5] == Anew(2)
        assert "has 2 events of another database, from event 3" in compared(restored, bench.archive()).fault


def test_git_that_is_away_is_said_and_what_waited_is_copied_when_it_is_back(bench: Bench) -> None:
    bench.happen(1)
    archive = bench.archive()
    copy(bench.record, archive)
    away = bench.origin.with_name("away.git")
    bench.origin.rename(away)
    bench.happen(2, 3)
    with pytest.raises((Unreachable, NotFound)):
        copy(bench.record, archive)
    assert waiting(bench.record, BRANCH) == 2
    away.rename(bench.origin)
    assert copy(bench.record, archive).events == 2
    assert compared(bench.record, archive).same == 3


def test_an_answer_that_was_lost_doubles_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.happen(1)
    archive = bench.archive()
    push = git.push

    def lost(at: git.RemoteBranch, commit: str, expected: str | None) -> bool:
        push(at, commit, expected)
        monkeypatch.setattr(git, "push", push)
        raise Unreachable("the answer never came")

    monkeypatch.setattr(git, "push", lost)
    assert copy(bench.record, archive).events == 1
    bench.happen(2)
    copy(bench.record, archive)
    assert compared(bench.record, archive).same == 2


def test_a_new_branch_takes_the_whole_journal(bench: Bench) -> None:
    bench.happen(1, 2)
    bench.record.note_copied(Copied("another", 17, 2))
    assert bench.record.copied() == Copied("another", 17, 2)
    assert copy(bench.record, bench.archive()).events == 2
    assert bench.record.copied() == Copied(BRANCH, 3, 2)
    assert bench.archive().end() == Archived(3, bench.record.events(1, 1)[0])


def test_a_branch_that_holds_something_else_is_refused_and_keeps_it(bench: Bench) -> None:
    blob = run_git(bench.origin, "hash-object", "-w", "--stdin", stdin="kind: AppBinding\n")
    tree = run_git(bench.origin, "mktree", stdin=f"100644 blob {blob}\tapps.yaml\n")
    commit = run_git(bench.origin, "commit-tree", tree, "-m", "Bind")
    run_git(bench.origin, "update-ref", f"refs/heads/{BRANCH}", commit)
    bench.happen(1)
    with pytest.raises(UserMustFix, match=r"stagemail-journal holds 'apps\.yaml', so it is no journal"):
        copy(bench.record, bench.archive())
    assert run_git(bench.origin, "rev-parse", BRANCH) == commit

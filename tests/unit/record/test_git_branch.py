"""The record on a branch: what is pushed when, who is let in, and what is left after a crash."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.record import branches
from tests.unit.record.branches import clone, lines, opened, pushes, remote, run_git

from stagemail import git
from stagemail.errors import Busy, LeaseLost, NotFound, NotPermitted, SecretUnusable, Unreachable, UsageError
from stagemail.model.key import BINDING, Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.secret import Secret
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record.git_branch import GitBranchRecord
from stagemail.record.git_branch_history import BranchFile

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def run(name: str = "run-1", **changes: str) -> Entry:
    return Entry(run=Run(name, "qa", "c0ffee", "ann", NOON, **changes))  # type: ignore[arg-type]


def intent(number: int) -> Entry:
    key = Key("qa", BINDING, f"app/{number}")
    return Entry(intent=Intent(f"intent-{number}", "run-1", key, "CRM", "write", after(number)))


def settled(number: int) -> list[Entry]:
    key = Key("qa", BINDING, f"app/{number}")
    done = Outcome(f"step-{number}", key, "CRM", "write", "done", "read back equal")
    return [
        Entry(settled=(f"intent-{number}", done)),
        Entry(applied=AppliedResource(key, "CRM", {"mode": AppliedField("x")})),
    ]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return remote(tmp_path)


@pytest.fixture
def record(origin: Path) -> GitBranchRecord:
    return opened(clone(origin))


def test_a_run_pushes_its_lease_each_batch_of_intents_and_the_rest_with_the_release(
    record: GitBranchRecord, origin: Path
) -> None:
    lease = record.acquire("org", "a", NOON, 90)
    record.append([run()], lease)
    assert pushes(origin) == 1
    record.append([intent(n) for n in range(60)], lease)
    assert pushes(origin) == 2
    for number in range(60):
        lease = record.renew(lease, after(number / 2), 90)
        record.append(settled(number), lease)
    assert pushes(origin) == 2
    record.release(lease)
    assert pushes(origin) == 3
    again = opened(clone(origin, "other"))
    assert again.open_intents("qa") == ()
    assert [len(run.outcomes) for run in again.runs("qa", 5)] == [60]
    assert len(again.applied("qa").resources) == 60


def test_the_name_that_the_platform_gave_an_operation_waits_and_the_next_intent_takes_it_along(
    record: GitBranchRecord, origin: Path
) -> None:
    lease = record.acquire("org", "a", NOON, 90)
    record.append([run(), intent(1)], lease)
    begun = intent(1).intent
    assert begun is not None
    record.append([Entry(intent=Intent(begun.id, begun.run, begun.key, "CRM", "write", begun.at, (), "op-7"))], lease)
    assert pushes(origin) == 2
    record.append([intent(2)], lease)
    assert [i.operation for i in opened(clone(origin, "other")).open_intents("qa")] == ["op-7", ""]


def test_without_a_lease_everything_is_pushed_at_once(record: GitBranchRecord, origin: Path) -> None:
    record.append([run()], None)
    assert len(opened(clone(origin, "other")).runs(None, 9)) == 1


def test_a_lease_is_renewed_for_nothing_until_others_see_less_than_half_of_it(
    record: GitBranchRecord, origin: Path
) -> None:
    lease = record.acquire("org", "a", NOON, 90)
    for second in range(0, 45, 5):
        lease = record.renew(lease, after(second), 90)
    assert pushes(origin) == 1
    lease = record.renew(lease, after(45), 90)
    assert pushes(origin) == 2
    with pytest.raises(Busy, match="ends 2026-05-04 12:02:15"):
        opened(clone(origin, "other")).acquire("org", "b", after(134), 90)


def test_nothing_is_renewed_past_the_time_at_which_others_may_take_the_lease(
    record: GitBranchRecord, origin: Path
) -> None:
    lease = record.acquire("org", "a", NOON, 90)
    other = opened(clone(origin, "other"))
    other.acquire("org", "b", after(91), 90)
    with pytest.raises(LeaseLost, match="b has taken over"):
        record.renew(lease, after(92), 90)
    with pytest.raises(LeaseLost, match="b has taken over"):
        record.append([intent(1)], lease)


def test_of_a_run_that_was_overtaken_only_the_run_itself_is_kept(record: GitBranchRecord, origin: Path) -> None:
    lease = record.acquire("org", "a", NOON, 90)
    record.append([run(), intent(1)], lease)
    other = opened(clone(origin, "other"))
    theirs = other.acquire("org", "b", after(91), 90)
    record.append([*settled(1), run(status="failed")], lease)
    record.release(lease)
    assert [r.status for r in record.runs("qa", 9)] == ["failed"]
    assert record.applied("qa").resources == ()
    assert [i.id for i in record.open_intents("qa")] == ["intent-1"]
    other.append([intent(2)], theirs)
    assert [r.status for r in other.runs("qa", 9)] == ["failed"]


def test_a_second_job_is_told_who_holds_the_organization(record: GitBranchRecord, origin: Path) -> None:
    lease = record.acquire("org", "runner-1", NOON, 90)
    other = opened(clone(origin, "other"))
    with pytest.raises(Busy, match="org is being written to by runner-1 since 2026-05-04 12:00:00"):
        other.acquire("org", "runner-2", after(10), 90)
    record.release(lease)
    assert other.acquire("org", "runner-2", after(10), 90).fence == 2


def test_a_holder_that_is_known_to_be_gone_is_not_waited_for(record: GitBranchRecord, origin: Path) -> None:
    record.acquire("org", "gone", NOON, 90)
    other = opened(clone(origin, "other"), is_gone=lambda owner: owner == "gone")
    assert other.acquire("org", "b", after(1), 90).fence == 2


def test_when_somebody_else_pushed_first_both_are_kept(record: GitBranchRecord, origin: Path) -> None:
    record.append([run("run-1")], None)
    other = opened(clone(origin, "other"))
    assert len(other.runs(None, 9)) == 1
    record.append([run("run-2")], None)
    other.append([run("run-3")], None)  # reads again, for the branch is not what it saw
    record.append([run("run-4")], None)
    assert {r.id for r in opened(clone(origin, "third")).runs(None, 9)} == {"run-1", "run-2", "run-3", "run-4"}
    assert run_git(origin, "rev-list", "--merges", branches.BRANCH) == ""


def test_of_two_jobs_that_begin_at_once_exactly_one_gets_the_lease(origin: Path) -> None:
    records = [opened(clone(origin, f"clone-{n}")) for n in range(3)]
    begin = threading.Barrier(3)

    def take(number: int) -> str:
        begin.wait(timeout=120)
        try:
            records[number].acquire("org", f"job-{number}", NOON, 90)
        except Busy as error:
            assert "is being written to by job-" in error.message
            return ""
        return f"job-{number}"

    with ThreadPoolExecutor(3) as pool:
        winners = [name for name in pool.map(take, range(3)) if name]
    assert len(winners) == 1


def test_many_writers_at_once_lose_nothing(origin: Path) -> None:
    records = [opened(clone(origin, f"clone-{n}")) for n in range(3)]

    def write(number: int) -> None:
        for turn in range(4):
            records[number].append([run(f"run-{number}-{turn}")], None)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    assert len(opened(clone(origin, "reader")).runs(None, 99)) == 12


def test_two_processes_in_one_clone_do_not_hinder_each_other(origin: Path) -> None:
    at = clone(origin)
    one, two = opened(at), opened(at)
    lease = one.acquire("org", "a", NOON, 90)
    with pytest.raises(Busy):
        two.acquire("org", "b", NOON, 90)
    one.release(lease)
    two.acquire("org", "b", NOON, 90)


def test_a_branch_that_moves_all_the_time_is_given_up_on(
    record: GitBranchRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hasty(branches.WallClock):
        def sleep(self, seconds: float) -> None:
            assert 0 < seconds <= 3

    record._clock = Hasty()
    monkeypatch.setattr(BranchFile, "push", lambda *_: False)  # others win every race, which no real remote lets happen
    with pytest.raises(Busy, match="others keep writing"):
        record.append([run()], None)


def test_a_push_whose_answer_is_lost_is_found_by_reading(
    record: GitBranchRecord, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(file: BranchFile, commit: str, seen: object) -> bool:
        push(file, commit, seen)  # type: ignore[arg-type]
        raise Unreachable("the connection broke")

    push = BranchFile.push
    monkeypatch.setattr(BranchFile, "push", lost)  # a connection that breaks at that moment, each time
    lease = record.acquire("org", "a", NOON, 90)
    record.append([run(), intent(1)], lease)
    assert pushes(origin) == 2
    assert len(opened(clone(origin, "other")).open_intents("qa")) == 1


def test_of_a_push_that_did_not_land_nothing_is_believed(
    record: GitBranchRecord, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise Unreachable("the connection broke")

    lease = record.acquire("org", "a", NOON, 90)
    record.append([run()], lease)
    with monkeypatch.context() as patch:
        patch.setattr(BranchFile, "push", broken)
        with pytest.raises(Unreachable):
            record.append([intent(1)], lease)
    assert record.open_intents("qa") == ()
    record.release(lease)
    assert len(opened(clone(origin, "other")).runs("qa", 9)) == 1


def test_a_remote_that_is_gone_is_named_and_nothing_is_recorded(record: GitBranchRecord, origin: Path) -> None:
    lease = record.acquire("org", "a", NOON, 90)
    origin.rename(origin.with_name("elsewhere"))
    with pytest.raises(NotFound, match=r"branch stagemail-record: there is no such repository"):
        record.append([intent(1)], lease)
    assert record.open_intents("qa") == ()


def test_a_deleted_branch_takes_every_lease_with_it_and_the_next_run_begins_empty(
    record: GitBranchRecord, origin: Path
) -> None:
    lease = record.acquire("org", "a", NOON, 90)
    record.append([run(), intent(1), *settled(1)], lease)
    run_git(origin, "branch", "-D", branches.BRANCH)
    with pytest.raises(LeaseLost):
        record.append([intent(2)], lease)
    record.release(lease)
    fresh = opened(clone(origin, "other"))
    assert fresh.applied("qa").resources == ()
    assert fresh.open_intents("qa") == ()
    assert fresh.acquire("org", "b", NOON, 90).fence == 1


def test_a_reader_sees_what_others_wrote_after_a_while(record: GitBranchRecord, origin: Path) -> None:
    class Waiting(branches.WallClock):
        later = 0.0

        def monotonic(self) -> float:
            return super().monotonic() + self.later

    clock = Waiting()
    reader = opened(clone(origin, "reader"), clock=clock)
    assert reader.runs(None, 9) == ()
    record.append([run()], None)
    assert reader.runs(None, 9) == ()
    clock.later = 6.0
    assert len(reader.runs(None, 9)) == 1


def test_the_fingerprint_key_comes_from_the_secret_alone(origin: Path) -> None:
    one, two = opened(clone(origin)), opened(clone(origin, "other"))
    third = opened(clone(origin, "third"), secret=lambda: Secret("another-secret-of-32-characters-…"))
    assert one.fingerprint_key() == two.fingerprint_key() != third.fingerprint_key()
    assert len(one.fingerprint_key()) == 32
    assert branches.KEY.encode() not in one.fingerprint_key()


def test_no_secret_a_short_one_no_clone_and_no_branch_are_refused_with_what_to_do(origin: Path, tmp_path: Path) -> None:
    at = clone(origin)
    with pytest.raises(UsageError, match="stateKey"):
        opened(at, secret=lambda: None)
    with pytest.raises(SecretUnusable, match="openssl rand") as caught:
        opened(at, secret=lambda: Secret("hunter2"))
    assert "hunter2" not in str(caught.value)
    (tmp_path / "none").mkdir()
    with pytest.raises(NotFound, match="is in none"):
        opened(tmp_path / "none")
    with pytest.raises(UsageError, match="cannot name a branch"):
        branches.open_record("git-branch:-x", at, randomness=os.urandom, clock=branches.WallClock(), secret=key)
    run_git(at, "remote", "remove", "origin")
    with pytest.raises(NotFound, match="no such repository"):
        opened(at).runs(None, 1)


def key() -> Secret:
    return Secret(branches.KEY)


def test_a_server_that_protects_the_branch_says_what_to_allow(record: GitBranchRecord, origin: Path) -> None:
    hook = origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GitLab: You are not allowed to push code to protected branches.' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(NotPermitted, match=r"(?s)not allowed to push code.*contents: write") as caught:
        record.acquire("org", "a", NOON, 90)
    assert "stagemail-record" in caught.value.message


def test_the_clone_is_left_as_it_was(origin: Path) -> None:
    at = clone(origin)
    looks = (["branch"], ["status", "--porcelain"], ["rev-parse", "HEAD"], ["ls-files"], ["config", "-l", "--local"])
    before = [run_git(at, *look) for look in looks]
    record = opened(at)
    record.release(record.acquire("org", "a", NOON, 90))
    opened(at).runs(None, 1)
    assert [run_git(at, *look) for look in looks] == before
    assert not (at / ".git" / "FETCH_HEAD").exists()
    assert git.open_repository(at).shallow is False


def test_the_commits_are_stagemail_s_and_start_no_pipeline(record: GitBranchRecord, origin: Path) -> None:
    record.release(record.acquire("org", "a", NOON, 90))
    shown = run_git(origin, "log", "-1", "--format=%an <%ae>|%cn <%ce>|%s|%(trailers)", branches.BRANCH)
    who = "stagemail <stagemail@localhost>"
    assert shown == f"{who}|{who}|Record 1 lease [skip ci]|Stagemail-Record-Lines: 3"
    assert run_git(origin, "ls-tree", "--name-only", branches.BRANCH) == "record.jsonl"
    assert run_git(origin, "rev-list", "--max-parents=0", "--count", branches.BRANCH, "main") == "2", "an own root"


@pytest.mark.parametrize("moment", ["after-intents", "in-push"])
def test_killed_between_the_push_of_intents_and_that_of_outcomes_the_next_run_finds_them_open(
    origin: Path, moment: str
) -> None:
    at = clone(origin)
    child = subprocess.run(
        [sys.executable, "-m", "tests.unit.record.branch_writer", str(at), moment],
        timeout=60, check=False, capture_output=True,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    record = opened(clone(origin, "other"))
    assert [i.id for i in record.open_intents("qa")] == ["intent-0", "intent-1", "intent-2"]
    assert record.applied("qa").resources == ()
    with pytest.raises(Busy, match="killed"):
        record.acquire("org", "next", after(80), 90)
    lease = record.acquire("org", "next", after(91), 90)
    record.append([entry for number in range(3) for entry in settled(number)], lease)
    record.release(lease)
    assert opened(clone(origin, "third")).open_intents("qa") == ()
    assert lines(origin)

"""A line that was forged, changed, moved or removed is refused with its place; many lines become a snapshot."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.record import branches
from tests.unit.record.branches import BRANCH, clone, lines, opened, pushes, remote, run_git

from stagemail.errors import CorruptRecord, UserMustFix
from stagemail.model.inventory import StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.secret import Masked, Secret, SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record import git_branch_waiting
from stagemail.record.git_branch_facts import KEPT_RUNS, decode_fact, encode_fact, essence
from stagemail.record.git_branch_lines import Seals
from stagemail.record.ledger import CLOSED, LEASE, Fact, Holding, Ledger
from stagemail.record.sealing import End

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
SEALS = Seals(b"k" * 32, "b:record.jsonl")


def run(number: int, **changes: object) -> Run:
    made = Run(f"run-{number}", "qa", "c0ffee", "ann", NOON + timedelta(minutes=number))
    return replace(made, **changes)  # type: ignore[arg-type]


def commit_lines(origin: Path, written: list[str]) -> None:
    """A commit on top of the branch, by somebody with push access."""
    blob = run_git(origin, "hash-object", "-w", "--stdin", stdin="".join(f"{line}\n" for line in written))
    tree = run_git(origin, "mktree", stdin=f"100644 blob {blob}\trecord.jsonl\n")
    commit = run_git(origin, "commit-tree", tree, "-p", BRANCH, "-m", "Mend")
    run_git(origin, "update-ref", f"refs/heads/{BRANCH}", commit)


def changed(line: str, **values: object) -> str:
    return json.dumps(json.loads(line) | values, separators=(",", ":"))


def swapped(old: list[str]) -> list[str]:
    return [*old[:3], old[4], old[3], *old[5:]]


FORGERIES: list[tuple[str, Callable[[list[str]], list[str]], str]] = [
    ("changed", lambda old: [*old[:3], changed(old[3], stage="dev"), *old[4:]], r":4 was forged or changed"),
    ("resealed", lambda old: [*old[:-1], changed(old[-1], mac="0" * 64)], r":6 was forged or changed"),
    ("moved", swapped, r":4 has the number 5 where 4 should be"),
    ("renumbered", lambda old: [*old[:2], changed(old[3], n=3), *old[4:]], r":3 was forged or changed"),
    ("removed", lambda old: [*old[:2], *old[3:]], r":3 has the number 4 where 3 should be"),
    ("first-removed", lambda old: old[1:], r":1 does not begin a record"),
    ("first-changed", lambda old: [changed(old[0], at="now"), *old[1:]], r":1 was changed, or sealed with another key"),
    ("twice", lambda old: [*old, old[-1]], r":7 has the number 6 where 7 should be"),
    ("added", lambda old: [*old, changed(old[-1], n=7)], r":7 was forged or changed"),
    ("unsealed", lambda old: [*old, '{"n":7,"kind":"lease"}'], r":7 is none of ours"),
    ("no-json", lambda old: [*old[:5], "x" * 100], r":6 is none of ours"),
    ("deep", lambda old: [*old, "[" * 100_000 + "]" * 100_000], r":7 is none of ours"),
    ("long-number", lambda old: [*old, f'{{"n":{"9" * 5000},"mac":"{"0" * 64}"}}'], r":7 is none of ours"),
    ("end-removed", lambda old: old[:4], r":5 is missing: the commit [0-9a-f]{12} had recorded 6 lines, and .* 4"),
    ("all-removed", lambda old: [], r":1 is missing: the commit [0-9a-f]{12} had recorded 6 lines"),
]  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    origin = remote(tmp_path_factory.mktemp("written"))
    record = opened(clone(origin))
    for number in range(5):
        record.append([Entry(run=run(number))], None)
    assert len(lines(origin)) == 6
    return origin


@pytest.fixture(autouse=True)
def put_back(written: Path) -> Iterator[None]:
    """The same remote for each test: its branch is put back."""
    tip = run_git(written, "rev-parse", BRANCH)
    yield
    run_git(written, "update-ref", f"refs/heads/{BRANCH}", tip)


@pytest.mark.parametrize(("forge", "told"), [pytest.param(f, t, id=name) for name, f, t in FORGERIES])
def test_a_forgery_is_refused_with_its_place(
    written: Path, tmp_path: Path, forge: Callable[[list[str]], list[str]], told: str
) -> None:
    commit_lines(written, forge(lines(written)))
    before = run_git(written, "rev-parse", BRANCH)
    record = opened(clone(written, tmp_path.name))
    for use in (
        lambda: record.runs(None, 9),
        lambda: record.append([Entry(run=run(9))], None),
        lambda: record.acquire("org", "a", NOON, 90),
    ):
        with pytest.raises(CorruptRecord, match=rf"stagemail-record:record\.jsonl{told}") as caught:
            use()
        assert "delete the branch" in caught.value.hint
    assert run_git(written, "rev-parse", BRANCH) == before


def test_what_was_written_is_read_where_nobody_changed_it(written: Path, tmp_path: Path) -> None:
    assert len(opened(clone(written, tmp_path.name)).runs(None, 9)) == 5


def test_an_old_state_of_the_branch_put_on_top_again_is_refused_even_two_commits_later(
    written: Path, tmp_path: Path
) -> None:
    old = run_git(written, "rev-parse", f"{BRANCH}~3^{{tree}}")
    for _ in range(2):
        commit = run_git(written, "commit-tree", old, "-p", BRANCH, "-m", "Revert\n\nStagemail-Record-Lines: 3")
        run_git(written, "update-ref", f"refs/heads/{BRANCH}", commit)
    with pytest.raises(CorruptRecord, match=r":4 is missing"):
        opened(clone(written, tmp_path.name)).runs(None, 9)


def test_a_merge_that_hides_the_newest_lines_is_refused(written: Path, tmp_path: Path) -> None:
    tree = run_git(written, "rev-parse", f"{BRANCH}~3^{{tree}}")
    merge = run_git(written, "commit-tree", tree, "-p", f"{BRANCH}~3", "-p", BRANCH, "-m", "Merge")
    run_git(written, "update-ref", f"refs/heads/{BRANCH}", merge)
    with pytest.raises(CorruptRecord, match=r":4 is missing"):
        opened(clone(written, tmp_path.name)).runs(None, 9)


def test_another_key_and_another_branch_do_not_open_it(written: Path, tmp_path: Path) -> None:
    at = clone(written, tmp_path.name)
    with pytest.raises(CorruptRecord, match="another key than `stateKey`"):
        opened(at, secret=lambda: Secret("x" * 40)).runs(None, 9)
    run_git(written, "branch", "--force", "copy", BRANCH)
    copy = branches.open_record(
        "git-branch:copy", at, randomness=bytes, clock=branches.WallClock(), secret=lambda: Secret(branches.KEY)
    )
    with pytest.raises(CorruptRecord, match=r"copy:record\.jsonl:1"):
        copy.runs(None, 9)


def test_a_shallow_clone_is_enough_unless_the_branch_itself_is_cut_off(written: Path, tmp_path: Path) -> None:
    shallow = clone(written, f"{tmp_path.name}-1", "--depth=1", "--single-branch", "--branch=main")
    assert (shallow / ".git/shallow").exists()
    record = opened(shallow)
    assert len(record.runs(None, 9)) == 5
    record.append([Entry(run=run(7))], None)
    cut = clone(written, f"{tmp_path.name}-2", "--depth=1", "--no-single-branch")
    with pytest.raises(UserMustFix, match=r"(?s)cut off in this clone.*fetch-depth: 0.*git fetch --unshallow"):
        opened(cut).runs(None, 9)
    run_git(cut, "fetch", "--quiet", "--unshallow")
    assert len(opened(cut).runs(None, 9)) == 6


def test_a_folder_or_a_link_in_place_of_the_file_is_no_record(tmp_path: Path) -> None:
    origin = remote(tmp_path)
    blob = run_git(origin, "hash-object", "-w", "--stdin", stdin="/etc/passwd")
    tree = run_git(origin, "mktree", stdin=f"120000 blob {blob}\trecord.jsonl\n")
    run_git(origin, "update-ref", f"refs/heads/{BRANCH}", run_git(origin, "commit-tree", tree, "-m", "Link"))
    assert opened(clone(origin)).runs(None, 9) == ()


def test_lines_that_grew_are_put_together_and_the_rest_stays_in_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_branch_waiting, "GROWTH", 3000)
    origin = remote(tmp_path)
    record = opened(clone(origin))
    lease = record.acquire("org", "a", NOON, 90)
    for number in range(12):
        record.append([Entry(run=run(number, finished=NOON))], None)
    assert len(lines(origin)) < 12
    assert json.loads(lines(origin)[-1])["n"] > 13, "numbers go on"
    assert len(opened(clone(origin, "other")).runs(None, 99)) == 12
    record.release(lease)
    assert opened(clone(origin, "third")).acquire("org", "b", NOON, 90).fence == 2
    assert pushes(origin) == 15


def test_a_snapshot_of_the_past_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_branch_waiting, "GROWTH", 1)
    origin = remote(tmp_path)
    record = opened(clone(origin))
    for number in range(3):
        record.append([Entry(run=run(number, finished=NOON))], None)
    commit_lines(origin, run_git(origin, "show", f"{BRANCH}~1:record.jsonl").split("\n"))
    with pytest.raises(CorruptRecord, match="is missing"):
        opened(clone(origin, "other")).runs(None, 9)


def test_a_line_of_a_newer_stagemail_asks_for_that_version() -> None:
    first, end = SEALS.snapshot([], End(), NOON)
    newer, _ = SEALS.line({"kind": "poem", "stage": "", "body": {}}, end, NOON.isoformat())
    with pytest.raises(UserMustFix, match=r"(?s)b:record\.jsonl:2 is sealed with our key.*newer stagemail"):
        SEALS.read(first + newer)
    future, _ = SEALS.line(
        {"kind": "snapshot", "stage": "", "body": {"format": 2, "after": ""}}, End(), NOON.isoformat()
    )
    with pytest.raises(UserMustFix, match="newer stagemail"):
        SEALS.read(future)
    with pytest.raises(CorruptRecord, match="not a whole line"):
        SEALS.read(first[:-1])


def test_a_genuine_line_of_another_past_is_refused() -> None:
    first, end = SEALS.snapshot([], End(), NOON)
    told, other = (SEALS.lines([("run", run(number))], end, NOON) for number in (1, 2))
    third, _ = SEALS.lines([("run", run(3))], told[1], NOON)
    assert len(SEALS.read(first + told[0] + third).facts) == 2
    with pytest.raises(CorruptRecord, match=r"b:record\.jsonl:3 was forged or changed"):
        SEALS.read(first + other[0] + third)


TEXT = st.text(max_size=8)
KEYS = st.builds(Key, st.sampled_from(["qa", "dev"]), st.sampled_from([CONFIGURATION, BINDING]), TEXT)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - asks for none
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), TEXT, st.lists(TEXT, max_size=3).map(tuple),
    st.builds(SecretState, TEXT, TEXT, TEXT), st.builds(Masked, st.sampled_from([True, False, None])),
)  # fmt: skip
OUTCOMES = st.builds(
    Outcome, TEXT, KEYS, TEXT, TEXT, st.sampled_from(["done", "failed"]), TEXT, st.booleans(), st.tuples(TEXT)
)
RUNS = st.builds(
    Run, TEXT, st.sampled_from(["qa", "dev"]), TEXT, TEXT, TIMES, st.sampled_from(["running", "done"]),
    st.none() | TIMES, st.lists(OUTCOMES, max_size=2).map(tuple), st.integers(0), st.integers(0), st.tuples(TEXT),
)  # fmt: skip
INTENTS = st.builds(
    Intent, TEXT, TEXT, KEYS, TEXT, st.sampled_from(["write", "activate"]), TIMES,
    st.lists(st.tuples(TEXT, VALUES), max_size=2).map(tuple), TEXT,
)  # fmt: skip
APPLIED = st.builds(
    AppliedResource, KEYS, TEXT, st.dictionaries(TEXT, st.builds(AppliedField, VALUES, TEXT, st.booleans())), TEXT
)
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.tuples(st.just("run"), RUNS),
    st.tuples(st.just("intent"), INTENTS),
    st.tuples(st.just("settled"), st.tuples(TEXT, OUTCOMES)),
    st.tuples(st.just("applied"), APPLIED),
    st.tuples(st.just("forgotten"), KEYS),
    st.tuples(st.just("identity"), st.tuples(TEXT, st.builds(StageIdentity, TEXT, TEXT, TEXT))),
    st.tuples(st.just(LEASE), st.builds(Holding, TEXT, TEXT, st.integers(1), TIMES, TIMES)),
    st.tuples(st.just(CLOSED), TEXT),
)


@given(FACTS)
@settings(max_examples=60, deadline=None)
def test_every_fact_survives_its_line(fact: Fact) -> None:
    assert decode_fact(json.loads(json.dumps(encode_fact(fact)))) == fact


@given(st.lists(FACTS, max_size=20))
@settings(max_examples=40, deadline=None)
def test_a_snapshot_tells_what_its_lines_told(facts: list[Fact]) -> None:
    ledger = Ledger()
    for fact in facts:
        if fact[0] != "settled" or fact[1][0] in ledger.intent:
            ledger.learn([fact])
    again = Ledger()
    again.learn(essence(ledger))
    assert again.resource == ledger.resource
    assert (again.stage, again.holding) == (ledger.stage, ledger.holding)
    for stage in ("qa", "dev"):
        assert again.open_intents(stage) == ledger.open_intents(stage)
        assert again.runs(stage, 99) == ledger.runs(stage, 99)


def test_a_snapshot_keeps_the_newest_runs_and_those_that_go_on_and_what_they_settled() -> None:
    ledger = Ledger()
    old = run(0)
    ledger.learn([("run", old), ("intent", Intent("i", old.id, Key("qa", BINDING, "a"), "A", "write", NOON))])
    ledger.learn([("settled", ("i", Outcome("s", Key("qa", BINDING, "a"), "A", "write", "done")))])
    ledger.learn(("run", run(number, finished=NOON)) for number in range(1, KEPT_RUNS + 20))
    again = Ledger()
    again.learn(essence(ledger))
    assert [r.id for r in again.runs("qa", 999)] == [f"run-{n}" for n in range(KEPT_RUNS + 19, 19, -1)] + ["run-0"]
    again.learn([("intent", replace(ledger.intent["i"], operation="late"))])
    assert again.open_intents("qa") == ()


def test_no_line_holds_more_than_ascii() -> None:
    data, _ = SEALS.lines([("identity", ("qa", StageIdentity("k", "QÄ\n\u2028", "")))], End(), NOON)
    assert data.isascii()
    assert re.fullmatch(rb"[^\n]+\n", data)


def test_a_branch_of_documents_is_no_record_and_keeps_them(tmp_path: Path) -> None:
    origin = remote(tmp_path)
    blob = run_git(origin, "hash-object", "-w", "--stdin", stdin="kind: AppBinding\n")
    tree = run_git(origin, "mktree", stdin=f"100644 blob {blob}\tapps.yaml\n")
    commit = run_git(origin, "commit-tree", tree, "-m", "Bind")
    run_git(origin, "update-ref", f"refs/heads/{BRANCH}", commit)
    with pytest.raises(UserMustFix, match=r"holds 'apps\.yaml', so it is no record; nothing was written"):
        opened(clone(origin)).append([Entry(run=run(1))], None)
    assert run_git(origin, "rev-parse", BRANCH) == commit

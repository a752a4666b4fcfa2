"""Documents of a tree, and the cache that saves parsing them again."""

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.git.repositories import GitRun

from stagemail import git
from stagemail.document import Document, read
from stagemail.model.problem import Problem
from stagemail.source import tree_documents
from stagemail.source.cache import Cache, DiskCache, NullCache, open_cache
from stagemail.source.cache_folder import default_folder
from stagemail.source.revision_tree import RevisionTree
from stagemail.source.tree import Tree
from stagemail.source.tree_documents import fill_share, parsed_until
from stagemail.source.working_tree import WorkingTree

A, B = "environments/qa/a.yaml", "environments/qa/b.yaml"
ID = "a" * 40


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    made = open_cache(tmp_path / "cache", outside=tmp_path / "clone")
    assert isinstance(made, DiskCache)
    return made


@dataclass
class Found:
    """What a reading gave, its documents kept."""

    documents: list[Document]
    problems: tuple[Problem, ...]
    parsed: int


def read_tree(tree: Tree, cache: Cache) -> Found:
    documents: list[Document] = []
    done = tree_documents.read_tree(tree, cache, documents.append)
    return Found(documents, done.problems, done.parsed)


def _documents(data: bytes) -> tuple[Document, ...]:
    return read(data, "some/path.yaml")[0]


def test_a_second_reading_parses_nothing_and_after_a_commit_of_one_file_one(
    clone: Path, run_git: GitRun, cache: Cache
) -> None:
    repository = git.open_repository(clone)
    first = read_tree(RevisionTree(repository, "HEAD", ["environments"]), cache)
    again = read_tree(RevisionTree(repository, "HEAD", ["environments"]), cache)
    assert (first.parsed, again.parsed) == (2, 0)
    assert first.documents == again.documents
    assert read_tree(WorkingTree(clone, ["environments"]), cache).parsed == 0
    (clone / A).write_bytes(b"a: 2\n")
    run_git(clone, "commit", "--quiet", "-am", "Third")
    third = read_tree(RevisionTree(repository, "HEAD", ["environments"]), cache)
    assert third.parsed == 1
    assert [d.value for d in third.documents] == [{"a": 2}, {"b": 1}]


def test_equal_files_keep_their_own_paths(clone: Path, cache: Cache) -> None:
    (clone / "environments/qa/twin.yaml").write_bytes(b"b: 1\n")
    for _ in range(2):
        found = read_tree(WorkingTree(clone, ["environments"]), cache)
        assert [(d.path, d.value) for d in found.documents] == [
            (A, {"a": 1, "b": 3}),
            (B, {"b": 1}),
            ("environments/qa/twin.yaml", {"b": 1}),
        ]


def test_files_with_problems_are_parsed_each_time_so_that_their_problems_stay(clone: Path, cache: Cache) -> None:
    (clone / A).write_bytes(b"a: on\n")
    for _ in range(2):
        found = read_tree(WorkingTree(clone, ["environments"]), cache)
        assert [(p.location.path, p.code) for p in found.problems] == [(A, "yaml-1.1-boolean")]


def test_problems_of_listing_and_of_reading_come_together(clone: Path) -> None:
    (clone / A).write_bytes(b"a: on\n")
    (clone / "environments/qa/x.yaml").symlink_to("b.yaml")
    found = read_tree(WorkingTree(clone, ["environments"]), NullCache())
    assert [p.code for p in found.problems] == ["yaml-1.1-boolean", "symlink-not-followed"]


def test_a_file_that_went_away_is_a_problem_and_not_a_removal(clone: Path) -> None:
    tree = WorkingTree(clone, ["environments"])
    assert len(tree.entries()) == 2
    (clone / A).unlink()
    found = read_tree(tree, NullCache())
    assert [(p.location.path, p.code, p.severity) for p in found.problems] == [(A, "file-went-away", "error")]


def test_a_clean_file_whose_text_is_not_the_committed_one_is_an_error_and_never_cached(
    clone: Path, run_git: GitRun, cache: Cache
) -> None:
    (clone / "environments/qa/c.yaml").write_bytes(b"# $Id$\nc: 1\n")
    (clone / ".gitattributes").write_text("c.yaml ident\n")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Ident")
    (clone / "environments/qa/c.yaml").unlink()
    run_git(clone, "checkout", "--quiet", ".")
    for _ in range(2):
        found = read_tree(WorkingTree(clone, ["environments"]), cache)
        assert [p.code for p in found.problems] == ["not-what-is-committed"]
        assert "Remove filters" in found.problems[0].remedy


def test_windows_line_ends_of_a_checkout_are_no_difference(clone: Path, run_git: GitRun, cache: Cache) -> None:
    (clone / ".gitattributes").write_text("*.yaml text eol=crlf\n")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "CRLF")
    (clone / A).unlink()
    run_git(clone, "checkout", "--quiet", ".")
    assert b"\r\n" in (clone / A).read_bytes()
    found = read_tree(WorkingTree(clone, ["environments"]), cache)
    assert found.problems == ()
    assert [d.value for d in found.documents] == [{"a": 1, "b": 3}, {"b": 1}]


_LEAVES = st.none() | st.booleans() | st.integers(1 - 10**18, 10**18 - 1) | st.dates() | st.text(max_size=20)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab$d\u00e4", max_size=3), inner, max_size=3),
    max_leaves=15,
)


@given(st.lists(_VALUES, max_size=3))
def test_the_cache_gives_back_what_it_was_given(tmp_path_factory: pytest.TempPathFactory, values: list[object]) -> None:
    folder = tmp_path_factory.getbasetemp() / "law"
    cache = open_cache(folder, outside=folder / "elsewhere")
    documents = tuple(Document("", index, value) for index, value in enumerate(values))
    cache.put_many({ID: documents})
    assert cache.get_many([ID]) == {ID: documents}


def test_dates_stay_dates_and_texts_that_look_like_one_stay_texts(cache: Cache) -> None:
    cache.put_many({ID: _documents(b"a: 2026-12-31\nb: '2026-12-31'\n")})
    assert cache.get_many([ID])[ID][0].value == {"a": date(2026, 12, 31), "b": "2026-12-31"}


def test_unknown_ids_are_left_out_and_thousands_may_be_asked_for(cache: Cache) -> None:
    known = {f"{n:040x}": _documents(f"a: {n}".encode()) for n in range(3000)}
    cache.put_many(known)
    found = cache.get_many([*known, "unknown", "x' OR '1'='1"])
    assert {key: documents[0].value for key, documents in found.items()} == {
        key: documents[0].value for key, documents in known.items()
    }


def test_documents_that_are_not_sound_are_not_remembered(cache: Cache) -> None:
    cache.put_many({ID: _documents(b"a: on\n")})
    assert cache.get_many([ID]) == {}


@pytest.mark.parametrize("damage", [b"", b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_cache_is_dropped_and_made_anew(cache: DiskCache, damage: bytes) -> None:
    cache.put_many({ID: _documents(b"a: 1\n")})
    cache.file.write_bytes(damage)
    assert cache.get_many([ID]) == {}
    cache.put_many({ID: _documents(b"a: 1\n")})
    assert cache.get_many([ID])[ID][0].value == {"a": 1}


@pytest.mark.parametrize("body", ["{", "[1", "[]]", "5", ""])
def test_a_row_that_is_no_json_list_drops_the_cache(cache: DiskCache, body: str) -> None:
    cache.put_many({ID: _documents(b"a: 1\n")})
    with sqlite3.connect(cache.file) as connection:
        connection.execute("UPDATE documents SET body = ?", (body,))
    connection.close()
    assert cache.get_many([ID]) == {}
    cache.put_many({ID: _documents(b"a: 1\n")})
    assert cache.get_many([ID])[ID][0].value == {"a": 1}


def test_a_cache_that_another_process_holds_is_done_without(cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagemail.source.cache._SECONDS", 0.05)
    cache.put_many({ID: _documents(b"a: 1\n")})
    with sqlite3.connect(cache.file, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        cache.put_many({"b" * 40: _documents(b"b: 1\n")})
        cache.get_many([ID])
    other.close()
    assert set(cache.get_many([ID, "b" * 40])) == {ID}


def test_old_entries_make_room_for_new_ones(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagemail.source.cache._ROWS_KEPT", 10)
    for n in range(30):
        cache.put_many({f"{n:040x}": _documents(b"a: 1\n")})
    assert len(cache.get_many([f"{n:040x}" for n in range(30)])) == 10
    assert f"{29:040x}" in cache.get_many([f"{29:040x}"])


def test_the_folder_is_the_users_own(tmp_path: Path) -> None:
    open_cache(tmp_path / "new" / "cache", outside=tmp_path / "clone")
    assert stat.S_IMODE((tmp_path / "new/cache").stat().st_mode) == 0o700


def test_a_folder_inside_the_repository_or_open_to_others_or_a_link_is_not_used(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    assert isinstance(open_cache(clone / ".cache", outside=clone), NullCache)
    (tmp_path / "open").mkdir(mode=0o755)
    assert isinstance(open_cache(tmp_path / "open", outside=clone), NullCache)
    (tmp_path / "into").symlink_to(clone)
    assert isinstance(open_cache(tmp_path / "into" / "x", outside=clone), NullCache)
    (tmp_path / "own").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "own")
    assert isinstance(open_cache(tmp_path / "link", outside=clone), NullCache)
    (tmp_path / "file").write_bytes(b"")
    assert isinstance(open_cache(tmp_path / "file", outside=clone), NullCache)
    if os.geteuid() == 0:
        os.chown(tmp_path / "own", 65534, 65534)
        assert isinstance(open_cache(tmp_path / "own", outside=clone), NullCache)


def test_the_default_folder_follows_xdg_and_ignores_relative_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_folder() == Path("/somewhere/stagemail")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_folder() == Path.home() / ".cache" / "stagemail"


def test_what_a_file_is_read_as_cannot_be_decided_by_another_file(
    clone: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a tree that claims a wrong id (a broken adapter) fills no entry under it."""
    tree = WorkingTree(clone, ["environments"])
    claimed = tuple(type(e)(e.path, ID, e.size) for e in tree.entries())
    monkeypatch.setattr(tree, "entries", lambda: claimed)
    monkeypatch.setattr(tree, "read", lambda _paths: {A: b"evil: 1\n", B: b"b: 1\n"})
    assert read_tree(tree, cache).parsed == 2
    assert cache.get_many([ID]) == {}
    assert tree_documents.blob_id(b"b: 1\n", ID) != ID


def test_what_another_process_reads_is_as_if_it_were_read_here(
    clone: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = clone / "environments/qa"
    for number in range(150):
        (folder / f"many-{number:03}.yaml").write_text(f"a: {number}\n", encoding="utf-8")
    (folder / "many-099.yaml").write_text("a: on\n", encoding="utf-8")
    (folder / "many-120.yaml").write_text("a: 1 # ghp_abcdefghijkl\n", encoding="utf-8")
    tree = WorkingTree(clone, ["environments"])
    expected = read_tree(tree, NullCache())
    done = 0
    parsed: list[str] = []
    monkeypatch.setattr(tree_documents, "read", lambda data, path: (parsed.append(path), read(data, path))[1])

    @contextmanager
    def beside(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
        nonlocal done
        work()
        done = len(list(cache.get_many(entry.id for entry in tree.entries())))
        yield lambda: None

    documents: list[Document] = []
    found = tree_documents.read_tree(tree, cache, documents.append, beside)
    assert (documents, found.problems) == (expected.documents, expected.problems)
    assert len(found.problems) == 2
    assert 75 <= done < 150, "more than half, but what has problems"
    assert len(parsed) == len(tree.entries()) + 2, "what was in order is not read again"


@pytest.mark.parametrize("looks", [0, 1, 4, 99])
def test_what_was_parsed_while_waiting_is_not_parsed_again(
    looks: int, clone: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = clone / "environments/qa"
    for number in range(150):
        (folder / f"many-{number:03}.yaml").write_text(f"a: {number}\n", encoding="utf-8")
    tree = WorkingTree(clone, ["environments"])
    expected = read_tree(tree, NullCache())
    parsed: list[str] = []
    monkeypatch.setattr(tree_documents, "read", lambda data, path: (parsed.append(path), read(data, path))[1])
    left = iter(range(looks))
    early = parsed_until(tree, cache, lambda: next(left, None) is None)
    assert len(early) == len(parsed) == min(looks * 10, len(tree.entries()) * 45 // 100)
    fill_share(tree, cache)  # the other process
    documents: list[Document] = []
    found = tree_documents.read_tree(tree, cache, documents.append, lambda _work: nullcontext(lambda: None), early)
    assert (documents, found.problems) == (expected.documents, expected.problems)
    assert sorted(parsed) == sorted(entry.path for entry in tree.entries())
    assert len(cache.get_many(entry.id for entry in tree.entries())) == len({entry.id for entry in tree.entries()})


@pytest.mark.parametrize(
    "text",
    [
        "spec: {authentication: {type: basic, username: a, password: hunter2}}",
        "spec:\n  authentication:\n    clientSecret:\n      hunter2",
        "spec:\n  - password: |\n      hunter2",
        "metadata: {name: ghp_hunter2hunter2}",
        "spec: {server: {host: 'smtps://a:hunter2@smtp.example.com'}}",
    ],
)
def test_a_credential_in_the_open_is_never_kept_in_the_cache(tmp_path: Path, cache: DiskCache, text: str) -> None:
    """An admin's working tree may hold one for a moment; the cache would hold it for ever."""
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text("spec: {authentication: {password: {secretRef: {store: env, key: password}}}}")
    found = read_tree(WorkingTree(tmp_path), cache)
    assert len(found.documents) == 2 and not found.problems
    kept = b"".join(path.read_bytes() for path in cache.file.parent.iterdir() if path.name.startswith(cache.file.name))
    assert b"hunter2" not in kept and b"secretRef" in kept
    assert read_tree(WorkingTree(tmp_path), cache).parsed == 1


def test_what_a_killed_process_left_half_written_goes_after_a_day_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    cache = open_cache(folder, outside=tmp_path / "clone")
    (tmp_path / "elsewhere").write_text("kept")

    def left(name: str, *, mode: int = 0o600, days: float = 2.0) -> Path:
        path = folder / name
        path.touch(mode=0o600)
        path.chmod(mode)
        when = time.time() - days * 86_400
        os.utime(path, (when, when))
        return path

    old = left("operator-aaaa.123.partial")
    kept = [left("memo-b.9.partial", days=0.5), left("shared.partial", mode=0o644), left("operator-a.json")]
    (folder / "a-folder.partial").mkdir(mode=0o700)
    (folder / "link.partial").symlink_to(tmp_path / "elsewhere")
    os.utime(folder / "link.partial", (0, 0), follow_symlinks=False)
    os.utime(folder / "a-folder.partial", (0, 0))
    cache.put_many({ID: _documents(b"a: 1\n")})
    assert not old.exists()
    assert all(path.exists() for path in (*kept, folder / "a-folder.partial", folder / "link.partial"))
    assert set(cache.get_many([ID])) == {ID}

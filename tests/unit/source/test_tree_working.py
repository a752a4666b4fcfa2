"""The files of a working tree: what counts, what is refused, and what is known to be committed."""

import os
import socket
from pathlib import Path

import pytest
from tests.unit.git.repositories import GitRun

from stagemail import git
from stagemail.errors import InvalidInput, NotFound, NotPermitted
from stagemail.model.location import Location
from stagemail.source.quota import Quota
from stagemail.source.revision_tree import RevisionTree
from stagemail.source.tree import Entry, Tree, content_id
from stagemail.source.working_tree import NOT_IN_GIT, WorkingTree

A, B = "environments/qa/a.yaml", "environments/qa/b.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``environments/qa`` of a folder outside Git with one file."""
    qa = tmp_path / "environments" / "qa"
    qa.mkdir(parents=True)
    (qa / "email.yaml").write_bytes(b"a: 1\n")
    return qa


def _paths(tree: Tree) -> list[str]:
    return [entry.path for entry in tree.entries()]


def _codes(tree: Tree) -> list[tuple[str, str, str]]:
    return [(problem.location.path, problem.code, problem.severity) for problem in tree.problems()]


def test_a_folder_outside_git_is_a_working_tree_without_a_revision(folder: Path, tmp_path: Path) -> None:
    tree: Tree = WorkingTree(tmp_path, ["environments"])
    assert tree.revision().id == NOT_IN_GIT
    assert tree.entries() == (Entry("environments/qa/email.yaml", content_id(b"a: 1\n"), 5),)
    assert tree.read(["environments/qa/email.yaml"]) == {"environments/qa/email.yaml": b"a: 1\n"}
    assert tree.changed_by(Location("environments/qa/email.yaml", 1, 1)) is None
    assert tree.problems() == ()


def test_a_clean_clone_has_the_entries_and_the_bytes_of_its_commit(clone: Path) -> None:
    working = WorkingTree(clone, ["environments"])
    revision = RevisionTree(git.open_repository(clone), "HEAD", ["environments"])
    assert working.entries() == revision.entries()
    assert working.read(_paths(working)) == revision.read(_paths(revision))
    assert working.revision() == revision.revision()
    assert working.revision().dirty == ()
    assert working.revision().subject == "Second"


def test_changed_and_new_files_have_ids_of_their_own_and_make_the_tree_dirty(clone: Path) -> None:
    (clone / A).write_bytes(b"a: 9\n")
    (clone / "environments/qa/c.yml").write_bytes(b"c: 1\n")
    (clone / "unrelated.txt").write_bytes(b"x")
    tree = WorkingTree(clone, ["environments"])
    ids = {entry.path: entry.id for entry in tree.entries()}
    assert ids[A] == content_id(b"a: 9\n")
    assert ids["environments/qa/c.yml"] == content_id(b"c: 1\n")
    assert git.is_blob_id(ids[B])
    assert tree.revision().dirty == (A, "environments/qa/c.yml")


def test_a_deleted_file_is_no_entry_and_makes_the_tree_dirty(clone: Path) -> None:
    (clone / A).unlink()
    tree = WorkingTree(clone, ["environments"])
    assert _paths(tree) == [B]
    assert tree.revision().dirty == (A,)
    assert tree.problems() == ()


def test_what_git_ignores_is_not_read_and_said_to_be_so(clone: Path, run_git: GitRun) -> None:
    (clone / ".gitignore").write_text("*.local.yaml\n")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Ignore")
    (clone / "environments/qa/x.local.yaml").write_bytes(b"a: 1\n")
    tree = WorkingTree(clone, ["environments"])
    assert _paths(tree) == [A, B]
    assert tree.revision().dirty == ()
    assert _codes(tree) == [("environments/qa/x.local.yaml", "ignored-by-git", "note")]


def test_a_file_that_git_was_told_not_to_look_at_is_read_as_it_is(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "update-index", "--assume-unchanged", A)
    (clone / A).write_bytes(b"hidden: change\n")
    tree = WorkingTree(clone, ["environments"])
    assert {e.path: e.id for e in tree.entries()}[A] == content_id(b"hidden: change\n")
    assert tree.revision().dirty == (A,)


def test_a_committed_file_that_is_not_checked_out_is_an_error_and_not_a_removal(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "update-index", "--skip-worktree", A)
    (clone / A).unlink()
    tree = WorkingTree(clone, ["environments"])
    assert _codes(tree) == [(A, "not-checked-out", "error")]


def test_paths_count_from_the_top_of_the_repository_and_folders_from_the_root(clone: Path) -> None:
    assert _paths(WorkingTree(clone / "environments", ["qa"])) == [A, B]
    assert _paths(WorkingTree(clone / "environments")) == [A, B]
    assert _paths(WorkingTree(clone, [""])) == [A, B]
    assert _paths(WorkingTree(clone, ["./environments/qa/"[2:]])) == [A, B]


def test_a_root_that_is_reached_by_a_link_is_fine(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(clone)
    assert _paths(WorkingTree(tmp_path / "link", ["environments"])) == [A, B]


def test_a_root_that_is_no_folder_is_not_found_and_a_missing_folder_is_empty(clone: Path) -> None:
    with pytest.raises(NotFound, match="is not a folder"):
        WorkingTree(clone / "README.md")
    assert WorkingTree(clone, ["environments/nowhere"]).entries() == ()


def test_hidden_files_and_folders_and_other_names_do_not_count(folder: Path, tmp_path: Path) -> None:
    for name in (".hidden.yaml", ".git/x.yaml", ".cache/x.yaml", "notes.md", "email.yaml.bak", "deep/er/OK.YML"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"a: 1\n")
    tree = WorkingTree(tmp_path, ["environments"])
    assert _paths(tree) == ["environments/qa/deep/er/OK.YML", "environments/qa/email.yaml"]
    assert tree.problems() == ()


def test_links_are_never_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "passwd.yaml").symlink_to("/etc/passwd")
    (folder / "broken.yaml").symlink_to("nowhere")
    (folder / "etc").symlink_to("/etc")
    (tmp_path / "linked").symlink_to(folder)
    tree = WorkingTree(tmp_path, ["environments", "linked"])
    assert _paths(tree) == ["environments/qa/email.yaml"]
    assert _codes(tree) == [
        ("environments/qa/broken.yaml", "symlink-not-followed", "error"),
        ("environments/qa/etc", "symlink-not-followed", "warning"),
        ("environments/qa/passwd.yaml", "symlink-not-followed", "error"),
        ("linked", "symlink-not-followed", "warning"),
    ]


def test_a_file_or_folder_that_becomes_a_link_after_listing_is_not_read(folder: Path, clone: Path) -> None:
    tree = WorkingTree(clone, ["environments"])
    assert _paths(tree) == [A, B]
    (clone / A).unlink()
    (clone / A).symlink_to("/etc/passwd")
    assert list(tree.read([A, B])) == [B]
    (clone / "environments/qa").rename(clone / "environments/real")
    (clone / "environments/qa").symlink_to("real")
    assert tree.read([A, B]) == {}
    assert tree.read(["../../etc/passwd", "README.md"]) == {}


def test_a_fifo_a_socket_and_a_device_do_not_hang_and_are_refused(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # the name of a socket must be short
        try:
            server.bind("sock.yaml")
        finally:
            os.chdir(here)
        tree = WorkingTree(tmp_path, ["environments"])
        assert _paths(tree) == ["environments/qa/email.yaml"]
        assert [code for _, code, _ in _codes(tree)] == ["not-a-file", "not-a-file"]


def test_a_file_that_becomes_a_fifo_after_listing_does_not_hang(clone: Path) -> None:
    tree = WorkingTree(clone, ["environments"])
    assert _paths(tree) == [A, B]
    (clone / A).unlink()
    os.mkfifo(clone / A)
    assert list(tree.read([A, B])) == [B]


def test_a_file_of_two_gigabytes_is_not_read(folder: Path, tmp_path: Path) -> None:
    with (folder / "huge.yaml").open("wb") as file:
        file.truncate(2 * 1024**3)
    tree = WorkingTree(tmp_path, ["environments"])
    assert _paths(tree) == ["environments/qa/email.yaml"]
    assert "2,147,483,648 bytes; at most 1,048,576" in str(tree.problems()[0])


def test_names_that_cannot_be_read_are_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("new\nline.yaml", "tab\t.yaml", "zero\u200bwidth.yaml", "latin\udce9.yaml", "größe.yaml"):
        (folder / name).write_bytes(b"a: 1\n")
    tree = WorkingTree(tmp_path, ["environments"])
    assert _paths(tree) == ["environments/qa/email.yaml", "environments/qa/größe.yaml"]
    assert [code for _, code, _ in _codes(tree)] == ["odd-file-name"] * 4
    assert all(str(problem).isprintable() for problem in tree.problems())


def test_more_than_the_quota_is_an_error_in_words(folder: Path, tmp_path: Path) -> None:
    for number in range(5):
        (folder / f"{number}.yaml").write_bytes(b"x" * 100)
    for quota, words in (
        (Quota(files=5), "more than 5 YAML files"),
        (Quota(total=300), "more than 300 bytes together"),
        (Quota(visited=3), "more than 3 files"),
        (Quota(depth=0), "more than 0 folders deep"),
    ):
        with pytest.raises(InvalidInput, match=words):
            WorkingTree(tmp_path, ["environments"], quota).entries()
    assert len(WorkingTree(tmp_path, ["environments"], Quota(files=6)).entries()) == 6


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(folder: Path, tmp_path: Path) -> None:
    (folder / "email.yaml").chmod(0)
    with pytest.raises(NotPermitted, match="cannot be read"):
        WorkingTree(tmp_path, ["environments"]).entries()


def test_a_submodule_is_not_read(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    run_git(tmp_path, "init", "--quiet", "sub")
    (tmp_path / "sub" / "inner.yaml").write_bytes(b"a: 1\n")
    run_git(tmp_path / "sub", "add", ".")
    run_git(tmp_path / "sub", "commit", "--quiet", "-m", "Sub")
    run_git(clone, "submodule", "--quiet", "add", str(tmp_path / "sub"), "environments/sub")
    run_git(clone, "commit", "--quiet", "-m", "Submodule")
    working = WorkingTree(clone, ["environments"])
    revision = RevisionTree(git.open_repository(clone), "HEAD", ["environments"])
    assert _paths(working) == _paths(revision) == [A, B]
    assert _codes(working) == _codes(revision) == [("environments/sub", "submodule-not-followed", "warning")]


def test_a_repository_without_a_commit_is_a_working_tree(tmp_path: Path, run_git: GitRun, folder: Path) -> None:
    run_git(tmp_path, "init", "--quiet")
    tree = WorkingTree(tmp_path, ["environments"])
    assert (tree.revision().id, tree.revision().dirty) == (NOT_IN_GIT, ("environments/qa/email.yaml",))
    assert _paths(tree) == ["environments/qa/email.yaml"]


def test_who_changed_a_line_is_known_where_it_is_committed(clone: Path) -> None:
    (clone / A).write_bytes(b"new: 1\na: 1\nb: 3\n")
    tree = WorkingTree(clone, ["environments"])
    changes = [tree.changed_by(Location(A, line, 1)) for line in (1, 2, 3)]
    assert [commit.subject if commit else None for commit in changes] == [None, "First", "Second"]

"""The files of a commit, read without a checkout."""

from pathlib import Path

import pytest
from tests.unit.git.repositories import GitRun

from stagemail import git
from stagemail.errors import InvalidInput, NotFound, UsageError
from stagemail.model.location import Location
from stagemail.source.quota import Quota
from stagemail.source.revision_tree import RevisionTree
from stagemail.source.tree import Tree

A, B = "environments/qa/a.yaml", "environments/qa/b.yaml"


def test_a_commit_is_read_whatever_is_checked_out(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "rm", "-r", "--quiet", "environments")
    tree: Tree = RevisionTree(git.open_repository(clone), "HEAD~1", ["environments"])
    assert [entry.path for entry in tree.entries()] == [A]
    assert tree.read([A, B, "README.md"]) == {A: b"a: 1\nb: 2\n"}
    assert (tree.revision().subject, tree.revision().dirty) == ("First", ())


def test_a_bare_mirror_is_read_alike(clone: Path, tmp_path: Path) -> None:
    mirror = git.mirror(str(clone), tmp_path / "mirror", branch="main", access=git.Access(protocols=("file",)))
    tree = RevisionTree(mirror, "main")
    assert tree.read([A, B]) == {A: b"a: 1\nb: 3\n", B: b"b: 1\n"}
    assert [c.subject for c in [tree.changed_by(Location(A, n, 1)) for n in (0, 1, 2)] if c] == [
        "First",
        "First",
        "Second",
    ]


def test_a_branch_that_moves_meanwhile_does_not_move_the_tree(clone: Path, run_git: GitRun) -> None:
    tree = RevisionTree(git.open_repository(clone), "main", ["environments"])
    run_git(clone, "reset", "--quiet", "--hard", "HEAD~1")
    assert len(tree.entries()) == 2
    assert tree.revision().subject == "Second"


def test_equal_files_are_read_once_and_given_for_each_path(clone: Path, run_git: GitRun) -> None:
    (clone / "environments/prod").mkdir()
    (clone / "environments/prod/b.yaml").write_bytes(b"b: 1\n")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Twin")
    tree = RevisionTree(git.open_repository(clone), "HEAD", ["environments"])
    assert tree.read([B, "environments/prod/b.yaml"]) == {B: b"b: 1\n", "environments/prod/b.yaml": b"b: 1\n"}


def test_links_odd_names_hidden_and_large_files_are_not_read(clone: Path, run_git: GitRun) -> None:
    qa = clone / "environments" / "qa"
    (qa / "passwd.yaml").symlink_to("/etc/passwd")
    (qa / "etc").symlink_to("/etc")
    (qa / "large.yaml").write_bytes(b"#" * 2_000_000)
    (qa / "new\nline.yaml").write_bytes(b"a: 1\n")
    (qa / "latin\udce9.yaml").write_bytes(b"a: 1\n")
    (qa / ".hidden.yaml").write_bytes(b"a: 1\n")
    (qa / ".github").mkdir()
    (qa / ".github" / "x.yaml").write_bytes(b"a: 1\n")
    (qa / "notes.txt").write_bytes(b"a")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Odd")
    tree = RevisionTree(git.open_repository(clone), "HEAD", ["environments"])
    assert [entry.path for entry in tree.entries()] == [A, B]
    assert sorted((p.code, p.severity) for p in tree.problems()) == [
        ("file-too-large", "error"),
        ("odd-file-name", "error"),
        ("odd-file-name", "error"),
        ("symlink-not-followed", "error"),
        ("symlink-not-followed", "warning"),
    ]
    assert all(str(problem).isprintable() for problem in tree.problems())


def test_a_folder_that_is_a_link_is_named(clone: Path, run_git: GitRun) -> None:
    (clone / "stages").symlink_to("environments")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Link")
    tree = RevisionTree(git.open_repository(clone), "HEAD", ["stages"])
    assert tree.entries() == ()
    assert [(p.location.path, p.code) for p in tree.problems()] == [("stages", "symlink-not-followed")]


def test_more_than_the_quota_is_an_error_before_anything_is_read(clone: Path) -> None:
    repository = git.open_repository(clone)
    for quota in (Quota(files=1), Quota(total=12), Quota(visited=1)):
        with pytest.raises(InvalidInput):
            RevisionTree(repository, "HEAD", ["environments"], quota).entries()


def test_a_revision_that_is_none_is_refused_when_the_tree_is_made(clone: Path) -> None:
    repository = git.open_repository(clone)
    with pytest.raises(NotFound):
        RevisionTree(repository, "nope")
    with pytest.raises(UsageError):
        RevisionTree(repository, "--all")
    with pytest.raises(UsageError):
        RevisionTree(repository, "HEAD", ["../outside"]).entries()

"""Reading commits from real repositories."""

import os
import shutil
from pathlib import Path

import pytest
from tests.unit.git.repositories import GitRun

from stagemail import git
from stagemail.errors import InvalidInput, NotFound, UsageError, UserMustFix


def test_a_ref_is_resolved_to_the_full_id_of_its_commit(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "tag", "-a", "v1", "-m", "release")
    repository = git.open_repository(clone)
    head = run_git(clone, "rev-parse", "HEAD")
    for ref in ("HEAD", "main", "v1", head, head[:10], "refs/heads/main"):
        assert git.resolve(repository, ref) == head


@pytest.mark.parametrize("ref", ["", "-x", "--upload-pack=touch /tmp/x", "a\0b", "a\nb", "x" * 2000])
def test_what_could_be_an_option_is_no_ref(clone: Path, ref: str) -> None:
    with pytest.raises(UsageError, match="cannot name a revision"):
        git.resolve(git.open_repository(clone), ref)


def test_a_branch_that_is_named_like_an_option_can_only_be_reached_by_its_full_name(
    clone: Path, run_git: GitRun
) -> None:
    head = run_git(clone, "rev-parse", "HEAD")
    run_git(clone, "update-ref", "refs/heads/-x", head)
    repository = git.open_repository(clone)
    with pytest.raises(UsageError):
        git.resolve(repository, "-x")
    assert git.resolve(repository, "refs/heads/-x") == head


def test_an_unknown_revision_says_what_to_check(clone: Path) -> None:
    with pytest.raises(NotFound, match=r"revision 'nope'.*no such revision(.|\n)*fetch-depth: 0"):
        git.resolve(git.open_repository(clone), "nope")


def test_a_repository_without_commits_has_no_head(tmp_path: Path, run_git: GitRun) -> None:
    run_git(tmp_path, "init", "--quiet", "empty")
    with pytest.raises(NotFound):
        git.resolve(git.open_repository(tmp_path / "empty"), "HEAD")


def test_a_folder_in_no_repository_says_so_and_can_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not in a Git repository"):
        git.open_repository(tmp_path)
    assert git.discover(tmp_path) is None
    with pytest.raises(NotFound, match="is not a folder"):
        git.discover(tmp_path / "missing")


def test_a_repository_is_found_from_a_folder_inside_it(clone: Path) -> None:
    repository = git.open_repository(clone / "environments" / "qa")
    assert (repository.top, repository.folder, repository.shallow) == (clone, clone / ".git", False)
    with pytest.raises(NotFound):
        git.open_repository(clone / ".git" / "objects")


def test_the_tree_lists_files_with_their_ids_and_sizes(clone: Path, run_git: GitRun) -> None:
    repository = git.open_repository(clone)
    head = git.resolve(repository, "HEAD")
    found = git.tree(repository, head, ["environments"])
    assert [(e.path, e.mode, e.size) for e in found] == [
        ("environments/qa/a.yaml", "100644", 10),
        ("environments/qa/b.yaml", "100644", 5),
    ]
    assert found[0].id == run_git(clone, "rev-parse", "HEAD:environments/qa/a.yaml")
    assert len(git.tree(repository, head, [])) == 3
    assert git.tree(repository, head, ["missing"]) == ()
    assert git.tree(git.open_repository(clone / "environments"), head, ["README.md"])[0].path == "README.md"


@pytest.mark.parametrize("folder", ["../x", "/etc", "-x", "a\0b", ":(glob)**", ".git", "a/.git/hooks"])
def test_a_folder_outside_the_repository_is_refused(clone: Path, folder: str) -> None:
    repository = git.open_repository(clone)
    with pytest.raises(UsageError, match="no path inside"):
        git.tree(repository, git.resolve(repository, "HEAD"), [folder])


def test_names_that_are_no_utf_8_or_hold_newlines_are_listed_as_they_are(clone: Path, run_git: GitRun) -> None:
    odd = clone / "environments" / "new\nline.yaml"
    odd.write_bytes(b"a: 1\n")
    Path(str(clone) + "/environments/latin-\udce9.yaml").write_bytes(b"a: 2\n")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Odd")
    repository = git.open_repository(clone)
    paths = [entry.path for entry in git.tree(repository, git.resolve(repository, "HEAD"), ["environments"])]
    assert "environments/new\nline.yaml" in paths
    assert "environments/latin-\udce9.yaml" in paths


def test_blobs_are_read_in_one_batch_with_every_byte(clone: Path, run_git: GitRun) -> None:
    contents = [b"", b"\n", b"no newline", b"\0\xff" * 1000, b"deadbeef blob 3\nxyz\n"]
    for number, data in enumerate(contents):
        (clone / f"blob{number}").write_bytes(data)
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Blobs")
    run_git(clone, "gc", "--quiet")
    repository = git.open_repository(clone)
    entries = git.tree(repository, git.resolve(repository, "HEAD"), [f"blob{n}" for n in range(len(contents))])
    blobs = git.read_blobs(repository, {entry.id: entry.size for entry in entries}, limit=10_000)
    assert [blobs[entry.id] for entry in entries] == contents
    assert git.read_blobs(repository, {}, limit=0) == {}


def test_more_bytes_than_allowed_are_not_even_asked_for(clone: Path) -> None:
    with pytest.raises(InvalidInput, match=r"2,000,000,000 bytes; at most 1,000"):
        git.read_blobs(git.open_repository(clone), {"0" * 40: 2_000_000_000}, limit=1000)


def test_a_missing_blob_or_one_of_another_size_is_an_error(clone: Path) -> None:
    repository = git.open_repository(clone)
    entry = git.tree(repository, git.resolve(repository, "HEAD"), ["README.md"])[0]
    with pytest.raises(UserMustFix, match="cannot be read from the repository"):
        git.read_blobs(repository, {"1" * 40: 5}, limit=1000)
    with pytest.raises(UserMustFix, match="cannot be read from the repository"):
        git.read_blobs(repository, {entry.id: entry.size + 1}, limit=1000)
    with pytest.raises(NotFound, match="no full object id"):
        git.read_blobs(repository, {"HEAD:README.md": 5}, limit=1000)


def test_changes_between_two_commits_name_both_blobs_and_a_rename_is_both_ends(clone: Path, run_git: GitRun) -> None:
    repository = git.open_repository(clone)
    second = git.resolve(repository, "HEAD")
    first = git.resolve(repository, "HEAD~1")
    assert [(c.path, c.status, c.old is None, c.new is None) for c in git.changed(repository, first, second)] == [
        ("environments/qa/a.yaml", "M", False, False),
        ("environments/qa/b.yaml", "A", True, False),
    ]
    run_git(clone, "mv", "environments/qa/b.yaml", "environments/qa/c.yaml")
    run_git(clone, "commit", "--quiet", "-m", "Rename")
    third = git.resolve(repository, "HEAD")
    changes = git.changed(repository, second, third, ["environments"])
    assert [(c.path, c.status) for c in changes] == [
        ("environments/qa/b.yaml", "D"),
        ("environments/qa/c.yaml", "A"),
    ]
    assert changes[0].old == changes[1].new
    assert git.changed(repository, first, third, ["README.md"]) == ()


def test_a_commit_says_who_when_and_what(clone: Path) -> None:
    repository = git.open_repository(clone)
    found = git.commit(repository, git.resolve(repository, "HEAD"))
    assert (found.author, found.at, found.subject) == ("Ada <ada@example.com>", "2026-01-02T03:04:05+00:00", "Second")


def test_the_log_of_a_path_is_newest_first_and_bounded(clone: Path) -> None:
    repository = git.open_repository(clone)
    head = git.resolve(repository, "HEAD")
    assert [c.subject for c in git.log(repository, head, ["environments/qa/a.yaml"], 10)] == ["Second", "First"]
    assert [c.subject for c in git.log(repository, head, ["environments/qa/b.yaml"], 10)] == ["Second"]
    assert [c.subject for c in git.log(repository, head, [], 1)] == ["Second"]
    assert git.log(repository, head, ["missing"], 5) == ()


def test_blame_names_the_last_commit_of_a_line(clone: Path) -> None:
    repository = git.open_repository(clone)
    head = git.resolve(repository, "HEAD")
    lines = [git.blame(repository, "environments/qa/a.yaml", line, head) for line in (1, 2)]
    assert [commit.subject for commit in lines if commit] == ["First", "Second"]
    assert git.blame(repository, "environments/qa/a.yaml", 99, head) is None
    assert git.blame(repository, "missing.yaml", 1, head) is None


def test_a_line_that_is_not_committed_was_changed_by_nobody_yet(clone: Path) -> None:
    (clone / "environments/qa/a.yaml").write_bytes(b"new: 0\na: 1\nb: 3\n")
    repository = git.open_repository(clone)
    assert git.blame(repository, "environments/qa/a.yaml", 1, None) is None
    moved = git.blame(repository, "environments/qa/a.yaml", 2, None)
    assert moved is not None
    assert moved.subject == "First"


def test_a_mailmap_in_the_repository_cannot_change_who_did_it(clone: Path, run_git: GitRun) -> None:
    (clone / ".mailmap").write_text("Eve <eve@example.com> <ada@example.com>\n")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Mailmap")
    repository = git.open_repository(clone)
    head = git.resolve(repository, "HEAD")
    found = git.blame(repository, "environments/qa/a.yaml", 1, head)
    assert found is not None
    assert found.author == "Ada <ada@example.com>"
    assert git.commit(repository, head).author == "Ada <ada@example.com>"


def test_control_characters_of_a_subject_do_not_reach_a_terminal(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "commit", "--quiet", "--allow-empty", "-m", "Red \x1b[31malert\x07")
    repository = git.open_repository(clone)
    assert git.commit(repository, git.resolve(repository, "HEAD")).subject == "Red \ufffd[31malert\ufffd"


def test_detached_heads_packed_refs_and_worktrees_are_read_alike(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    head = run_git(clone, "rev-parse", "HEAD")
    run_git(clone, "pack-refs", "--all")
    run_git(clone, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"), "HEAD~1")
    assert git.resolve(git.open_repository(clone), "main") == head
    linked = git.open_repository(tmp_path / "second")
    assert linked.top == tmp_path / "second"
    assert git.commit(linked, git.resolve(linked, "HEAD")).subject == "First"


def test_a_shallow_clone_is_known_as_such_and_says_how_to_go_on(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    first = run_git(clone, "rev-parse", "HEAD~1")
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{clone}", "shallow")
    repository = git.open_repository(tmp_path / "shallow")
    assert repository.shallow
    assert len(git.tree(repository, git.resolve(repository, "HEAD"), [])) == 3
    for ref in ("HEAD~1", first):
        with pytest.raises(NotFound, match="--unshallow"):
            git.resolve(repository, ref)


def test_a_partial_clone_does_not_fetch_what_it_lacks(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    run_git(clone, "config", "uploadpack.allowFilter", "true")
    run_git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{clone}", "partial")
    repository = git.open_repository(tmp_path / "partial")
    with pytest.raises(UserMustFix, match=r"partial clone"):
        git.tree(repository, git.resolve(repository, "HEAD"), [])


def test_status_names_what_differs_and_what_is_new(clone: Path, run_git: GitRun) -> None:
    repository = git.open_repository(clone)
    assert git.status(repository, []).dirty == ()
    (clone / "environments/qa/a.yaml").write_bytes(b"a: 9\n")
    (clone / "environments/qa/b.yaml").unlink()
    (clone / "environments/qa/new one\n.yaml").write_bytes(b"x: 1\n")
    (clone / "ignored.yaml").write_bytes(b"x: 1\n")
    (clone / ".gitignore").write_text("ignored.yaml\n")
    found = git.status(repository, [])
    assert found.changed == ("environments/qa/a.yaml", "environments/qa/b.yaml")
    assert found.untracked == (".gitignore", "environments/qa/new one\n.yaml")
    run_git(clone, "add", ".")
    run_git(clone, "mv", "README.md", "LIESMICH.md")
    assert git.status(repository, []).untracked == ()
    assert git.status(repository, ["README.md"]).changed == ("README.md",)


def test_the_index_knows_what_git_was_told_not_to_look_at(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "update-index", "--assume-unchanged", "environments/qa/a.yaml")
    run_git(clone, "update-index", "--skip-worktree", "environments/qa/b.yaml")
    found = git.index(git.open_repository(clone), [])
    assert [(e.path, e.certain) for e in found] == [
        ("README.md", True),
        ("environments/qa/a.yaml", False),
        ("environments/qa/b.yaml", False),
    ]


def test_a_conflict_is_a_change(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "checkout", "--quiet", "-b", "other", "HEAD~1")
    (clone / "environments/qa/a.yaml").write_bytes(b"a: 1\nb: 4\n")
    run_git(clone, "commit", "--quiet", "-am", "Other")
    with pytest.raises(Exception, match="non-zero exit status 1"):
        run_git(clone, "merge", "--quiet", "main")
    repository = git.open_repository(clone)
    assert "environments/qa/a.yaml" in git.status(repository, []).changed
    assert {e.certain for e in git.index(repository, ["environments/qa/a.yaml"])} == {False}


def test_a_bare_repository_has_no_working_tree(clone: Path, run_git: GitRun) -> None:
    run_git(clone.parent, "clone", "--quiet", "--bare", "--template=", str(clone), "bare.git")
    repository = git.open_repository(clone.parent / "bare.git")
    assert (repository.top, repository.folder) == (None, clone.parent / "bare.git")


def test_the_commit_that_is_checked_out_is_read_at_once(clone: Path, run_git: GitRun) -> None:
    repository = git.open_repository(clone)
    assert git.head(repository) == git.commit(repository, git.resolve(repository, "HEAD"))
    run_git(clone.parent, "init", "--quiet", "unborn")
    with pytest.raises(NotFound):
        git.head(git.open_repository(clone.parent / "unborn"))


def test_opening_and_reading_the_head_take_three_processes(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git.open_repository(clone)  # the version of git is asked for once
    real, ran = shutil.which("git"), tmp_path / "ran"
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho "$2" >> "{ran}"\nexec "{real}" "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(shim.parent), prepend=os.pathsep)
    git.head(git.open_repository(clone))
    first, second, last = ran.read_text().split()
    assert ({first, second}, last) == ({"rev-parse", "config"}, "log"), "two at the same time, then the third"

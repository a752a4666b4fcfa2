"""A bare mirror is made, kept up to date, and never executes or checks out anything."""

import fcntl
import os
import re
import socket
from pathlib import Path
from threading import Timer

import pytest
from tests.unit.git.repositories import GitRun

from stagemail import git
from stagemail.errors import NotFound, NotPermitted, StagemailError, Unreachable, UserMustFix

NOBODY = 65534
FILE = git.Access(protocols=("file",), timeout=120.0)


def test_a_mirror_has_every_branch_and_the_remote_s_head(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    run_git(clone, "branch", "feature/x", "HEAD~1")
    repository = git.mirror(f"file://{clone}", tmp_path / "deep" / "mirror", branch=None, access=FILE)
    assert repository.top is None
    assert git.resolve(repository, "HEAD") == run_git(clone, "rev-parse", "main")
    assert git.resolve(repository, "feature/x") == run_git(clone, "rev-parse", "main~1")
    assert (tmp_path / "deep/mirror").stat().st_mode & 0o077 == 0
    assert sorted(p.name for p in (tmp_path / "deep/mirror").glob("*.yaml")) == []
    assert list((tmp_path / "deep/mirror").glob("hooks/*")) == []


def test_a_mirror_of_one_branch_has_only_that(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    run_git(clone, "branch", "other", "HEAD~1")
    repository = git.mirror(str(clone), tmp_path / "mirror", branch="other", access=FILE)
    assert git.commit(repository, git.resolve(repository, "HEAD")).subject == "First"
    with pytest.raises(NotFound):
        git.resolve(repository, "main")


def test_fetching_again_follows_new_commits_rewritten_ones_and_removed_branches(
    clone: Path, run_git: GitRun, tmp_path: Path
) -> None:
    run_git(clone, "branch", "gone")
    git.mirror(str(clone), tmp_path / "mirror", branch=None, access=FILE)
    run_git(clone, "commit", "--quiet", "--amend", "--allow-empty", "-m", "Rewritten")
    run_git(clone, "branch", "-D", "gone")
    repository = git.mirror(str(clone), tmp_path / "mirror", branch=None, access=FILE)
    assert git.commit(repository, git.resolve(repository, "main")).subject == "Rewritten"
    with pytest.raises(NotFound):
        git.resolve(repository, "gone")


def test_replacement_refs_and_notes_of_a_remote_are_not_taken(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    head, first = run_git(clone, "rev-parse", "HEAD"), run_git(clone, "rev-parse", "HEAD~1")
    run_git(clone, "replace", head, first)
    repository = git.mirror(str(clone), tmp_path / "mirror", branch=None, access=FILE)
    assert git.commit(repository, head).subject == "Second"
    assert git.commit(git.open_repository(clone), head).subject == "Second"


def test_a_submodule_is_not_fetched(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    run_git(tmp_path, "init", "--quiet", "sub")
    run_git(tmp_path / "sub", "commit", "--quiet", "--allow-empty", "-m", "Sub")
    run_git(clone, "submodule", "--quiet", "add", str(tmp_path / "sub"), "environments/sub.yaml")
    run_git(clone, "commit", "--quiet", "-m", "Submodule")
    repository = git.mirror(str(clone), tmp_path / "mirror", branch="main", access=FILE)
    modes = {e.path: e.mode for e in git.tree(repository, git.resolve(repository, "HEAD"), ["environments"])}
    assert modes["environments/sub.yaml"] == "160000"
    assert not (tmp_path / "mirror" / "modules").exists()


def test_a_branch_or_repository_that_is_missing_is_named(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such branch"):
        git.mirror(str(clone), tmp_path / "a", branch="nope", access=FILE)
    with pytest.raises(NotFound, match="no such repository"):
        git.mirror(str(tmp_path / "nothing"), tmp_path / "b", branch=None, access=FILE)


def test_a_server_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]  # nobody listens there, and nobody else is given it
        with pytest.raises(Unreachable, match="does not answer"):
            git.mirror(f"https://127.0.0.1:{port}/x", tmp_path / "m", branch=None, access=git.Access(timeout=120.0))


def test_a_server_that_hangs_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        url = f"https://127.0.0.1:{server.getsockname()[1]}/x"
        with pytest.raises(Unreachable, match=r"did not end in 0\.5 s"):
            git.mirror(url, tmp_path / "m", branch=None, access=git.Access(timeout=0.5))


def test_credentials_in_the_configuration_show_in_no_error_and_no_representation(tmp_path: Path) -> None:
    access = git.Access(config=(("http.extraHeader", "Authorization: Bearer hunter2"),), timeout=120.0)
    with pytest.raises(StagemailError) as raised:
        git.mirror("https://127.0.0.1:9/x", tmp_path / "m", branch=None, access=access)
    assert "hunter2" not in str(raised.value)
    assert "hunter2" not in repr(access)


def test_who_fetches_into_a_mirror_does_so_alone(clone: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    other = os.open(mirror, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(Unreachable, match=r"another process has been fetching into .*mirror for over 0\.1 s"):
        git.mirror(str(clone), mirror, branch=None, access=git.Access(protocols=("file",), timeout=0.1))
    assert list(mirror.iterdir()) == []
    ends = Timer(0.3, os.close, (other,))  # as a process that is killed lets go
    ends.start()
    repository = git.mirror(str(clone), mirror, branch=None, access=FILE)
    ends.join()
    assert git.commit(repository, git.resolve(repository, "HEAD")).subject == "Second"


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_a_repository_of_somebody_else_on_this_machine_is_mirrored_where_the_user_trusts_it(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, mirror, foreign = tmp_path / "home", tmp_path / "mirror", clone / ".git"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for path in (clone, foreign):
        os.chown(path, NOBODY, NOBODY)
    with pytest.raises(NotPermitted, match=re.escape(f"--add safe.directory {foreign} ")):
        git.mirror(f"file://{clone}", mirror, branch="main", access=FILE)
    (home / ".gitconfig").write_text(f"[safe]\n\tdirectory = {foreign}\n[core]\n\tsshCommand = false\n")
    repository = git.mirror(f"file://{clone}", mirror, branch="main", access=FILE)
    tip = git.resolve(repository, "HEAD")
    assert git.remote_tip(f"file://{clone}", branch="main", access=FILE, at=mirror) == tip
    assert "sshCommand" not in (mirror / "stagemail-trusted").read_text(), "the rest of the configuration is not taken"
    (home / ".gitconfig").unlink()
    with pytest.raises(NotPermitted):
        git.mirror(f"file://{clone}", mirror, branch="main", access=FILE)


def test_hooks_in_a_mirror_do_not_run(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    git.mirror(str(clone), mirror, branch=None, access=FILE)
    (mirror / "hooks").mkdir()
    for hook in ("reference-transaction", "post-update", "update"):
        (mirror / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
        (mirror / "hooks" / hook).chmod(0o755)
    run_git(clone, "commit", "--quiet", "--allow-empty", "-m", "Third")
    repository = git.mirror(str(clone), mirror, branch=None, access=FILE)
    assert git.commit(repository, git.resolve(repository, "HEAD")).subject == "Third"
    assert not (tmp_path / "sprung").exists()


def test_a_users_rewriting_of_urls_does_not_lead_elsewhere(
    clone: Path, run_git: GitRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    run_git(tmp_path, "init", "--quiet", "--initial-branch=main", "other")
    run_git(other, "commit", "--quiet", "--allow-empty", "-m", "Elsewhere")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "{other}"]\n\tinsteadOf = {clone}\n')
    monkeypatch.setenv("HOME", str(home))
    repository = git.mirror(str(clone), tmp_path / "mirror", branch="main", access=FILE)
    assert git.commit(repository, git.resolve(repository, "main")).subject == "Second"


def test_a_folder_that_cannot_be_made_is_the_users_to_mend(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserMustFix, match="cannot be made: Not a directory"):
        git.mirror(f"file://{clone}", tmp_path / "file" / "mirror", branch=None, access=FILE)


@pytest.mark.parametrize("name", ["HEAD.lock", "refs/heads/main.lock"])
def test_a_lock_that_a_killed_git_left_in_a_mirror_is_taken_away_and_a_young_one_is_not(
    name: str, clone: Path, run_git: GitRun, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    git.mirror(str(clone), folder, branch=None, access=FILE)
    run_git(clone, "commit", "--quiet", "--allow-empty", "-m", "Later")
    lock = folder / name
    lock.touch()
    with pytest.raises(UserMustFix, match="another git was interrupted or is running"):
        git.mirror(str(clone), folder, branch=None, access=FILE)
    os.utime(lock, (1, 1))
    repository = git.mirror(str(clone), folder, branch=None, access=FILE)
    assert git.commit(repository, git.resolve(repository, "main")).subject == "Later"
    accepted = folder / "refs/stagemail/accepted/HEAD.lock"
    accepted.parent.mkdir(parents=True)
    accepted.touch()
    os.utime(accepted, (1, 1))
    git.mirror(str(clone), folder, branch=None, access=FILE)
    assert not lock.exists() and not accepted.exists()

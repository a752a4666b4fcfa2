"""Commits without a checkout, and a branch of the remote that moves only if nobody else was faster."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.unit.git.repositories import GitRun

from stagemail import git
from stagemail.errors import NotFound, NotPermitted, StagemailError, Unreachable, UsageError, UserMustFix
from stagemail.git.pushing import MOVED, refusal

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def origin(clone: Path, run_git: GitRun) -> Path:
    """A bare remote of ``clone``."""
    run_git(clone.parent, "clone", "--quiet", "--bare", "--template=", str(clone), "origin.git")
    run_git(clone, "remote", "add", "origin", f"file://{clone.parent}/origin.git")
    return clone.parent / "origin.git"


@pytest.fixture
def branch(origin: Path, clone: Path) -> git.RemoteBranch:
    return git.RemoteBranch(git.open_repository(clone), "notes")


def made(
    branch: git.RemoteBranch, parent: str | None, files: Mapping[str, bytes], message: str = "M", at: datetime = NOON
) -> str:
    return git.commit_files(branch.repository, files, parent=parent, message=message, at=at)


def test_a_commit_holds_exactly_its_files_and_nothing_of_the_clone(
    branch: git.RemoteBranch, clone: Path, run_git: GitRun
) -> None:
    first = made(branch, None, {"b": b"\r\n\0", "a": b""}, "First\n\nBody")
    second = made(branch, first, {"c": b"x"})
    entries = [(e.path, e.mode, e.size) for e in git.tree(branch.repository, first, [])]
    assert entries == [("a", "100644", 0), ("b", "100644", 3)]
    assert [e.path for e in git.tree(branch.repository, second, [])] == ["c"]
    assert run_git(clone, "log", "--format=%s|%b|%P", first) == "First|Body|"
    assert run_git(clone, "rev-parse", f"{second}^") == first
    assert run_git(clone, "status", "--porcelain") == ""


def test_a_commit_is_by_its_identity_at_its_time_in_utc_whatever_the_clone_says(
    branch: git.RemoteBranch, clone: Path, run_git: GitRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_git(clone, "config", "user.name", "Somebody")
    run_git(clone, "config", "commit.gpgSign", "true")
    run_git(clone, "config", "i18n.commitEncoding", "latin1")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Caller")
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    shown = run_git(
        clone, "log", "-1", "--format=%an <%ae> %aI %cn <%ce> %cI", made(branch, None, {"a": b""}, at=tokyo)
    )
    assert shown == " ".join(["stagemail <stagemail@localhost> 2026-05-04T12:00:00+00:00"] * 2)
    other = git.Identity("Mail Öps", "ops@example.com")
    own = git.commit_files(branch.repository, {"a": b""}, parent=None, message="Ü", at=NOON, identity=other)
    assert run_git(clone, "log", "-1", "--format=%an <%ce> %s", own) == "Mail Öps <ops@example.com> Ü"


@pytest.mark.parametrize("name", ["", "-x", "a/b", "../a", ".git", "a\0b"])
def test_a_name_that_is_no_file_at_the_top_is_refused(branch: git.RemoteBranch, name: str) -> None:
    with pytest.raises(UsageError):
        made(branch, None, {name: b""})


@pytest.mark.parametrize("identity", [("", "a@b"), ("a", ""), ("a<b", "c@d"), ("a", "c\nd")])
def test_an_identity_that_would_break_a_commit_is_refused(branch: git.RemoteBranch, identity: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="a commit needs"):
        git.commit_files(
            branch.repository, {"a": b""}, parent=None, message="M", at=NOON, identity=git.Identity(*identity)
        )


def test_a_push_lands_only_on_what_was_expected(branch: git.RemoteBranch) -> None:
    assert git.tip(branch) is None
    first = made(branch, None, {"a": b"1"})
    assert git.push(branch, first, None)
    assert git.tip(branch) == first
    other = made(branch, None, {"a": b"2"})
    assert not git.push(branch, other, None), "it exists by now"
    second, third = made(branch, first, {"a": b"3"}), made(branch, first, {"a": b"4"})
    assert git.push(branch, second, first)
    assert not git.push(branch, third, first), "somebody was faster"
    assert git.tip(branch) == second


def test_a_branch_that_was_deleted_meanwhile_is_not_made_again(
    branch: git.RemoteBranch, origin: Path, run_git: GitRun
) -> None:
    first = made(branch, None, {"a": b"1"})
    git.push(branch, first, None)
    run_git(origin, "update-ref", "-d", "refs/heads/notes")
    assert not git.push(branch, made(branch, first, {"a": b"2"}), first)
    assert git.tip(branch) is None


def test_only_the_branch_of_that_very_name_counts(branch: git.RemoteBranch, origin: Path, run_git: GitRun) -> None:
    for other in ("refs/heads/x/notes", "refs/tags/notes", "refs/heads/x/refs/heads/notes"):
        run_git(origin, "update-ref", other, "main")
    assert git.tip(branch) is None


def test_a_fetch_brings_the_commit_and_its_history_into_another_clone(
    branch: git.RemoteBranch, origin: Path, run_git: GitRun, tmp_path: Path
) -> None:
    first = made(branch, None, {"a": b"1"}, "One\n\nCount: 1")
    second = made(branch, first, {"a": b"2"}, "Two\n\nCount: 2\nCount: 3")
    git.push(branch, second, None)
    run_git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=main", f"file://{origin}", "other")
    other = git.RemoteBranch(git.open_repository(tmp_path / "other"), "notes")
    git.fetch(other, second)
    git.fetch(other, second)
    assert git.trailers(other, second, "Count") == ((second, "2,3"), (first, "1"))
    assert git.is_before(other.repository, first, second)
    assert not git.is_before(other.repository, second, first)
    assert not git.is_before(other.repository, "1" * 40, second)
    with pytest.raises(NotFound, match="moved while it was fetched"):
        git.fetch(other, "1" * 40)


def test_what_a_clone_s_configuration_and_hooks_name_is_not_started(
    branch: git.RemoteBranch, origin: Path, clone: Path, run_git: GitRun, tmp_path: Path
) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\nexit 1\n")
    trap.chmod(0o755)
    for name, value in {
        "remote.origin.uploadpack": trap, "remote.origin.receivepack": trap, "credential.helper": f"!{trap}",
        "credential.file:///.helper": f"!{trap}", "push.gpgSign": "true", "gpg.program": trap, "core.askPass": trap,
        "core.hooksPath": clone / ".git/hooks", "core.sshCommand": trap, "push.recurseSubmodules": "check",
        "push.followTags": "true", "push.pushOption": "x", "remote.origin.mirror": "true", "fetch.prune": "true",
        "remote.origin.tagOpt": "--tags", "core.fsmonitor": trap, "alias.push": f"!{trap}",
        "core.alternateRefsCommand": trap,
    }.items():  # fmt: skip
        run_git(clone, "config", name, str(value))
    (clone / ".git/hooks").mkdir(exist_ok=True)
    for hook in ("pre-push", "reference-transaction", "post-checkout", "pre-commit", "commit-msg", "post-commit"):
        (clone / ".git/hooks" / hook).write_bytes(trap.read_bytes())
        (clone / ".git/hooks" / hook).chmod(0o755)
    again = git.RemoteBranch(git.open_repository(clone), "notes")
    first = made(again, None, {"a": b"1"})
    assert git.push(again, first, None)
    run_git(origin, "update-ref", "refs/heads/notes", run_git(origin, "commit-tree", f"{first}^{{tree}}", "-m", "X"))
    tip = git.tip(again)
    assert tip is not None
    git.fetch(again, tip)
    assert git.trailers(again, tip, "Count")
    assert not (tmp_path / "sprung").exists()
    assert run_git(origin, "for-each-ref", "--format=%(refname)") == "refs/heads/main\nrefs/heads/notes"


@pytest.mark.parametrize("url", ["ext::touch sprung", "http://127.0.0.1:1/x", "git://127.0.0.1:1/x"])
def test_a_remote_with_another_transport_is_refused(
    branch: git.RemoteBranch, clone: Path, run_git: GitRun, url: str
) -> None:
    run_git(clone, "config", "remote.origin.url", url)
    with pytest.raises(UsageError, match="transport"):
        git.tip(branch)


def test_a_server_that_is_not_there_is_unreachable_and_a_missing_remote_not_found(
    branch: git.RemoteBranch, clone: Path, run_git: GitRun
) -> None:
    first = made(branch, None, {"a": b"1"})
    run_git(clone, "config", "remote.origin.url", "https://127.0.0.1:1/x")
    with pytest.raises(Unreachable, match="asking origin for the branch notes"):
        git.tip(branch)
    with pytest.raises(Unreachable, match="pushing the branch notes"):
        git.push(branch, first, None)
    run_git(clone, "remote", "remove", "origin")
    with pytest.raises(NotFound):
        git.tip(branch)


def test_a_password_in_the_remote_s_address_is_not_repeated(
    branch: git.RemoteBranch, clone: Path, run_git: GitRun
) -> None:
    run_git(clone, "config", "remote.origin.url", "https://job:hunter2@127.0.0.1:1/x")
    for use in (lambda: git.tip(branch), lambda: git.push(branch, made(branch, None, {"a": b""}), None)):
        with pytest.raises(StagemailError) as caught:
            use()
        assert "hunter2" not in str(caught.value)


REFUSED = "!\t1234:refs/heads/notes\t[remote rejected] ({})"


@pytest.mark.parametrize(
    "reason",
    [
        "cannot lock ref 'refs/heads/notes': is at 12 but expected 34",
        "failed to update ref",
        "incorrect old value provided",
        "reference already exists",
    ],
)
def test_a_server_that_saw_another_push_first_is_no_refusal(reason: str) -> None:
    assert refusal(f"To origin\n{REFUSED.format(reason)}\nDone", "", "notes") == MOVED


@pytest.mark.parametrize(
    ("report", "errors"),
    [
        (REFUSED.format("protected branch hook declined"), "remote: error: GH006: Protected branch update failed"),
        (REFUSED.format("push declined due to repository rule violations"), "remote: error: GH013: Repository rule"),
        (REFUSED.format("pre-receive hook declined"), "remote: GitLab: You are not allowed to push code"),
        ("", "remote: Permission to o/r.git denied to github-actions[bot].\nfatal: ... returned error: 403"),
        ("", "remote: Write access to repository not granted.\nfatal: unable to access 'x': returned error: 403"),
        ("", "ERROR: The key you are authenticating with has been marked as read only."),
    ],
)
def test_a_push_that_is_forbidden_says_what_to_allow(report: str, errors: str) -> None:
    told = refusal(report, errors, "notes")
    assert isinstance(told, NotPermitted)
    assert "contents: write" in told.hint
    assert "notes" in told.message


def test_another_refusal_is_told_in_the_server_s_words_without_its_control_characters() -> None:
    told = refusal(REFUSED.format("shallow update not allowed"), "", "notes")
    assert isinstance(told, UserMustFix)
    assert "fetch-depth: 0" in told.hint
    told = refusal(REFUSED.format("disk full"), "remote: \x1b[31mask https://u:pw@h/x", "notes")
    assert isinstance(told, UserMustFix)
    assert (
        told.message
        == "The server refuses our push to the branch notes: [remote rejected] (disk full); ?[31mask https://***@h/x."
    )
    assert refusal("", "fatal: the remote end hung up unexpectedly", "notes") is None

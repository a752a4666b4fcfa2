"""git tells who signed a commit, with keys from our files only; every other signature says why it does not count."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.git.repositories import GitRun
from tests.unit.git.signers import Signers, by_gpg, by_ssh, needs_signers

from stagemail import git
from stagemail.errors import NotFound, UserMustFix

pytestmark = needs_signers
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def commit(run_git: GitRun, clone: Path, *options: str, subject: str = "Signed") -> str:
    run_git(clone, *options, "commit", "--quiet", "--allow-empty", "-m", subject)
    return run_git(clone, "rev-parse", "HEAD")


def judged(clone: Path, commit_id: str, keys: git.KeyFiles) -> git.Signature:
    repository = git.open_repository(clone)
    with git.trusting(keys, NOW) as trust:
        found = git.signatures(repository, commit_id, limit=10, trust=trust)[0]
        return git.explained(repository, found, trust) if found.reason else found


def test_a_good_openpgp_signature_counts(clone: Path, run_git: GitRun, signers: Signers) -> None:
    keys = git.KeyFiles(openpgp=(signers.openpgp("ada@example.com"),))
    found = judged(clone, commit(run_git, clone, *by_gpg(signers, "ada@example.com")), keys)
    assert found.reason == ""
    assert found.signer == "Somebody <ada@example.com>"
    assert len(found.key) == 40


def test_a_good_ssh_signature_counts(clone: Path, run_git: GitRun, signers: Signers) -> None:
    key = signers.ssh("bob")
    found = judged(clone, commit(run_git, clone, *by_ssh(key)), git.KeyFiles(allowed_signers=signers.allowed(key)))
    assert (found.reason, found.signer) == ("", "bob@example.com")
    assert found.key.startswith("SHA256:")


def test_no_signature_and_keys_that_nobody_named_do_not_count(clone: Path, run_git: GitRun, signers: Signers) -> None:
    one, other = signers.ssh("one"), signers.ssh("other")
    signers.openpgp("eve@example.com")
    keys = git.KeyFiles((signers.openpgp("ivy@example.com"),), signers.allowed(one))
    assert judged(clone, commit(run_git, clone), keys).reason == "UnsignedCommit"
    assert judged(clone, commit(run_git, clone, *by_ssh(other)), keys).reason == "UnknownKey"
    assert judged(clone, commit(run_git, clone, *by_gpg(signers, "eve@example.com")), keys).reason == "UnknownKey"


def test_an_ssh_key_that_may_only_log_in_does_not_count(clone: Path, run_git: GitRun, signers: Signers) -> None:
    key = signers.ssh("login")
    keys = git.KeyFiles(allowed_signers=signers.allowed(key, options='namespaces="file"'))
    assert judged(clone, commit(run_git, clone, *by_ssh(key)), keys).reason != ""


def test_revoked_keys_do_not_count(clone: Path, run_git: GitRun, signers: Signers) -> None:
    signers.openpgp("rex@example.com")
    made = commit(run_git, clone, *by_gpg(signers, "rex@example.com"))
    assert judged(clone, made, git.KeyFiles((signers.revoke("rex@example.com"),))).reason == "RevokedKey"
    key = signers.ssh("lost")
    revoked = key.with_name("lost.pub")
    made = commit(run_git, clone, *by_ssh(key))
    assert judged(clone, made, git.KeyFiles((), signers.allowed(key), revoked)).reason == "RevokedKey"


def test_expired_openpgp_keys_do_not_count(clone: Path, run_git: GitRun, signers: Signers) -> None:
    old = "20200101T000000"
    keys = git.KeyFiles((signers.openpgp("old@example.com", at=old, expires="1y"),))
    made = commit(run_git, clone, *by_gpg(signers, "old@example.com", at="20200201T000000"))
    assert judged(clone, made, keys).reason == "ExpiredKey"


@pytest.mark.parametrize("end", ["20250101", "20250101Z", "202501010000", "20250101000000Z"])
def test_an_expired_ssh_key_does_not_count_although_the_commit_claims_to_be_old(
    clone: Path, run_git: GitRun, signers: Signers, end: str
) -> None:
    key = signers.ssh(f"past-{end}")
    keys = git.KeyFiles(allowed_signers=signers.allowed(key, options=f'namespaces="git",valid-before="{end}"'))
    run_git(clone, *by_ssh(key), "commit", "--quiet", "--allow-empty", "-m", "Now")
    assert judged(clone, run_git(clone, "rev-parse", "HEAD"), keys).reason == "ExpiredKey"
    tree = run_git(clone, "rev-parse", "HEAD^{tree}")
    environment = {"GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z", "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
    done = subprocess.run(
        ["env", *(f"{name}={value}" for name, value in environment.items()), "git", "-c", "user.name=A",
         "-c", "user.email=a@example.com", *by_ssh(key), "commit-tree", "-S", "-m", "Old", tree],
        cwd=clone, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert judged(clone, done.stdout.strip(), keys).reason == "ExpiredKey"


def test_a_signature_of_another_commit_does_not_count(clone: Path, run_git: GitRun, signers: Signers) -> None:
    key = signers.ssh("moved")
    made = commit(run_git, clone, *by_ssh(key), subject="Good")
    raw = subprocess.run(["git", "cat-file", "commit", made], cwd=clone, capture_output=True, check=True).stdout
    forged = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"], cwd=clone, input=raw.replace(b"Good", b"Evil"),
        capture_output=True, check=True,
    )  # fmt: skip
    found = judged(clone, forged.stdout.decode().strip(), git.KeyFiles(allowed_signers=signers.allowed(key)))
    assert found.reason in ("BadSignature", "UnknownKey")


def test_a_repository_cannot_name_the_program_or_the_keys(
    clone: Path, run_git: GitRun, signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = signers.ssh("mallory")
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\necho '[GNUPG:] GOODSIG 0 Ada'\n")
    evil.chmod(0o755)
    for name in ("gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "gpg.x509.program", "core.sshCommand"):
        run_git(clone, "config", name, str(evil))
    run_git(clone, "config", "gpg.ssh.allowedSignersFile", str(signers.allowed(key)))
    mine = signers.folder / "mine"
    mine.write_text("")
    monkeypatch.setenv("GNUPGHOME", str(signers.folder / "g"))
    signers.openpgp("mal@example.com")
    own = ("-c", "gpg.ssh.program=ssh-keygen")
    by_key = commit(run_git, clone, *by_ssh(key), *own)
    by_user = commit(run_git, clone, *by_gpg(signers, "mal@example.com"),
                     "-c", f"gpg.openpgp.program={signers.program()}")  # fmt: skip
    trusted = git.KeyFiles(allowed_signers=mine)
    assert judged(clone, by_key, trusted).reason == "UnknownKey"
    assert judged(clone, by_user, trusted).reason == "UnknownKey"
    assert not (tmp_path / "sprung").exists()


def test_files_that_are_missing_or_hold_no_key_are_named(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="missing\\.asc"), git.trusting(git.KeyFiles((tmp_path / "missing.asc",)), NOW):
        pass
    (tmp_path / "text.asc").write_text("hello")
    with pytest.raises(UserMustFix, match=r"text\.asc: no public OpenPGP key"):  # noqa: SIM117 - the keyring is made
        with git.trusting(git.KeyFiles((tmp_path / "text.asc",)), NOW):
            pass


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signers: Signers) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with git.trusting(git.KeyFiles((signers.openpgp("zoe@example.com"),)), NOW):
        assert len(list(tmp_path.iterdir())) == 1
        assert next(tmp_path.iterdir()).stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []

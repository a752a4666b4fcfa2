"""A branch is followed only as far as its history is signed and nothing was taken out of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.git.repositories import GitRun, clone, run_git, template
from tests.unit.git.signers import Signers, by_ssh, needs_signers, signers

from stagemail import git
from stagemail.errors import NotFound
from stagemail.model.verdict import Verdict
from stagemail.source.following import Follower, Rules

__all__ = ["clone", "run_git", "signers", "template"]

pytestmark = needs_signers
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@dataclass
class Branch:
    """A branch at a server, our mirror of it, and people who sign."""

    server: Path
    mirror: Path
    run: GitRun
    ada: Path
    rules: Rules

    def __post_init__(self) -> None:
        self.follower = Follower(self.rules)

    def commit(self, subject: str, *, by: Path | None = None, more: tuple[str, ...] = ()) -> str:
        signed = by_ssh(by) if by is not None else ()
        self.run(self.server, *signed, "commit", "--quiet", "--allow-empty", "-m", subject, *more)
        return self.run(self.server, "rev-parse", "HEAD")

    def judge(self, rules: Rules | None = None, applied: tuple[str, ...] = ()) -> Verdict:
        access = git.Access(protocols=("file",), timeout=120.0)
        repository = git.mirror(str(self.server), self.mirror, branch="main", access=access)
        follower = self.follower if rules is None else Follower(rules)
        return follower.judge(repository, "main", git.resolve(repository, "main"), applied=applied, now=NOW)


@pytest.fixture
def branch(clone: Path, run_git: GitRun, signers: Signers, tmp_path: Path) -> Branch:
    ada = signers.folder / "ada"
    key = ada if ada.exists() else signers.ssh("ada")
    made = Branch(clone, tmp_path / "mirror", run_git, key, Rules(git.KeyFiles(allowed_signers=signers.allowed(key))))
    made.commit("Begin", by=key)
    return made


def test_signed_commits_are_followed(branch: Branch) -> None:
    first = branch.judge()
    assert first.follow == first.tip
    tip = branch.commit("Next", by=branch.ada)
    assert branch.judge() == Verdict(tip, tip)


def test_at_the_first_look_only_the_tip_needs_a_signature(branch: Branch) -> None:
    assert not branch.judge().held, "the two commits before it are not signed"


def test_an_unsigned_commit_holds_and_what_was_accepted_stands(branch: Branch) -> None:
    good = branch.judge().tip
    bad = branch.commit("Sneak in")
    found = branch.judge()
    assert (found.follow, found.tip, found.reason) == (good, bad, "UnsignedCommit")
    assert found.message == f"commit {bad[:12]} by Ada <ada@example.com> has no signature"
    branch.commit("Signed on top", by=branch.ada)
    assert branch.judge().reason == "UnsignedCommit", "nobody vouched for the one below"
    assert not branch.judge(replace(branch.rules, commits="tip")).held


def test_an_unsigned_first_tip_is_not_followed_at_all(branch: Branch) -> None:
    branch.commit("Unsigned")
    assert branch.judge().follow == ""


def test_a_signed_merge_vouches_for_what_it_merges_where_the_operator_says_so(branch: Branch) -> None:
    branch.judge()
    branch.run(branch.server, "checkout", "--quiet", "-b", "topic")
    branch.commit("Unsigned topic")
    branch.run(branch.server, "checkout", "--quiet", "main")
    branch.run(branch.server, *by_ssh(branch.ada), "merge", "--quiet", "--no-ff", "-m", "Merge", "topic")
    assert branch.judge().reason == "UnsignedCommit"
    assert not branch.judge(replace(branch.rules, commits="first-parent")).held


def test_a_force_push_holds_until_the_operator_names_the_new_history(branch: Branch) -> None:
    branch.commit("Old", by=branch.ada)
    old = branch.judge().tip
    new = branch.commit("New", by=branch.ada, more=("--amend",))
    found = branch.judge()
    assert (found.follow, found.reason) == (old, "HistoryRewritten")
    assert f"since: {new}" in found.hint
    later = branch.commit("Later", by=branch.ada)
    assert branch.judge().reason == "HistoryRewritten"
    assert branch.judge(replace(branch.rules, since=new)).follow == later


def test_a_rollback_holds_until_the_operator_names_it(branch: Branch) -> None:
    first = branch.judge().tip
    second = branch.commit("Second", by=branch.ada)
    branch.judge()
    branch.run(branch.server, "reset", "--quiet", "--hard", first)
    found = branch.judge()
    assert (found.follow, found.tip, found.reason) == (second, first, "HistoryRolledBack")
    assert branch.judge(replace(branch.rules, since=first)).follow == first


def test_a_name_of_old_history_does_not_open_a_new_force_push(branch: Branch) -> None:
    rules = replace(branch.rules, since=branch.judge().tip)
    branch.commit("Old", by=branch.ada)
    branch.judge(rules)
    branch.commit("New", by=branch.ada, more=("--amend",))
    assert branch.judge(rules).reason == "HistoryRewritten"


def test_a_force_push_is_seen_by_the_record_where_the_mirror_was_lost(branch: Branch) -> None:
    branch.commit("Old", by=branch.ada)
    old = branch.judge().tip
    branch.run(branch.server, "tag", "kept", old)
    branch.commit("New", by=branch.ada, more=("--amend",))
    branch.mirror = branch.mirror.with_name("another")
    assert branch.judge(applied=("working-tree", old)).reason == "HistoryRewritten"


def test_without_signatures_history_still_only_grows(branch: Branch) -> None:
    rules = Rules(git.KeyFiles(), commits="none")
    branch.commit("Unsigned")
    assert not branch.judge(rules).held
    branch.commit("Amended", more=("--amend",))
    found = branch.judge(rules)
    assert found.reason == "HistoryRewritten"
    assert found.hint.endswith("in the operator file, beside `commits: none`")


def test_a_key_that_is_revoked_later_holds_what_it_signed_and_time_alone_does_not(
    branch: Branch, signers: Signers
) -> None:
    tip = branch.judge().tip
    over = 'namespaces="git",valid-before="20260101"'
    assert branch.judge(replace(branch.rules, keys=git.KeyFiles(allowed_signers=signers.allowed(branch.ada,
                        options=over)))) == Verdict(tip, tip)  # fmt: skip
    keys = git.KeyFiles((), signers.allowed(branch.ada), branch.ada.with_name("ada.pub"))
    found = branch.judge(replace(branch.rules, keys=keys))
    assert (found.follow, found.reason) == ("", "RevokedKey")


def test_a_signed_commit_on_top_is_the_way_on_from_one_whose_key_was_revoked_after_it_was_accepted(
    branch: Branch, signers: Signers
) -> None:
    branch.judge()
    eve = signers.ssh("eve-accepted")
    branch.commit("By Eve", by=eve)
    both = signers.allowed(branch.ada, eve)
    assert not branch.judge(replace(branch.rules, keys=git.KeyFiles(allowed_signers=both))).held
    rules = replace(branch.rules, keys=git.KeyFiles((), both, eve.with_name("eve-accepted.pub")))
    found = branch.judge(rules)
    assert (found.follow, found.reason) == ("", "RevokedKey")
    assert "push a commit on top, signed with a good key" in found.hint
    assert branch.judge(rules).follow != branch.commit("Looked at", by=branch.ada) == branch.judge(rules).follow


def test_the_operator_opens_the_way_past_a_commit_that_nobody_vouches_for(branch: Branch, signers: Signers) -> None:
    good = branch.judge().tip
    eve = signers.ssh("eve")
    keys = git.KeyFiles((), signers.allowed(branch.ada, eve), eve.with_name("eve.pub"))
    rules = replace(branch.rules, keys=keys)
    branch.commit("By Eve", by=eve)
    found = branch.judge(rules)
    assert (found.follow, found.reason) == (good, "RevokedKey")
    assert "whose id is `since` below `source.verification`" in found.hint
    top = branch.commit("Looked at", by=branch.ada)
    assert branch.judge(rules).reason == "RevokedKey"
    assert branch.judge(replace(rules, since=top)).follow == top


def test_what_comes_after_a_commit_that_the_operator_named_still_needs_a_signature(branch: Branch) -> None:
    branch.judge()
    bad = branch.commit("Unsigned")
    rules = replace(branch.rules, since=bad)
    assert branch.judge(rules).reason == "UnsignedCommit", "itself, too, while it is the newest"
    branch.commit("Unsigned, too")
    assert branch.judge(rules).reason == "UnsignedCommit"


def test_a_change_of_the_key_files_is_noticed_by_the_same_follower(branch: Branch, signers: Signers) -> None:
    branch.judge()
    signers.allowed(signers.ssh("somebody-else"))
    assert branch.judge().reason == "UnknownKey"
    assert branch.rules.keys.allowed_signers is not None
    branch.rules.keys.allowed_signers.unlink()
    with pytest.raises(NotFound, match="allowed_signers"):
        branch.judge()


def test_too_many_commits_are_not_verified(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagemail.source.following.MOST_COMMITS", 2)
    branch.judge()
    for number in range(3):
        branch.commit(f"Commit {number}", by=branch.ada)
    found = branch.judge()
    assert found.reason == "TooManyCommits"
    assert not branch.judge(replace(branch.rules, since=found.tip)).held

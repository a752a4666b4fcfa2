"""Who wrote, committed and merged a revision, of a repository that the real git made."""

from pathlib import Path

from tests.unit.git.repositories import GitRun

from stagemail import git


def test_a_merge_tells_who_merged_and_whose_change_it_was(clone: Path, run_git: GitRun) -> None:
    base = run_git(clone, "rev-parse", "HEAD")
    run_git(clone, "checkout", "--quiet", "-b", "change")
    run_git(
        clone, "commit", "--quiet",
        "--allow-empty", "--author", "Be\x1ba <bea@x.example>", "-m", "Move the relay",
    )  # fmt: skip
    change = run_git(clone, "rev-parse", "HEAD")
    run_git(clone, "checkout", "--quiet", "main")
    run_git(clone, "merge", "--quiet", "--no-ff", "-m", "Merge it", "change")
    merge = run_git(clone, "rev-parse", "HEAD")
    known = git.origins(git.open_repository(clone), [merge, base, merge, "f" * 40, "working tree", "--all"])
    assert set(known) == {merge, base}
    found = known[merge]
    assert (found.change, found.subject, found.merger) == (change, "Move the relay", "Ada <ada@example.com>")
    assert found.author == "Be\ufffda <bea@x.example>"
    assert (found.committer, found.merged_at[:10]) == ("Ada <ada@example.com>", "2026-01-02")
    assert (known[base].change, known[base].merger) == (base, "")


def test_times_are_utc_whatever_zone_the_committer_was_in(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "commit", "--quiet", "--allow-empty", "-m", "East", "--date", "2026-01-02T03:04:05+05:30")
    run_git(clone, "rebase", "--quiet", "--force-rebase", "--committer-date-is-author-date", "HEAD~1")
    assert run_git(clone, "log", "-1", "--format=%cI") == "2026-01-02T03:04:05+05:30"
    east = run_git(clone, "rev-parse", "HEAD")
    assert git.origins(git.open_repository(clone), [east])[east].at == "2026-01-01T21:34:05Z"

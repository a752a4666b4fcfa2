"""How commits of a real repository stand to each other, and which ones say that they revert others."""

from pathlib import Path

from tests.unit.git.repositories import GitRun

from stagemail import git
from stagemail.git import ancestry


def commit(clone: Path, run_git: GitRun, text: str, subject: str) -> str:
    (clone / "environments" / "qa" / "a.yaml").write_text(text)
    run_git(clone, "commit", "--quiet", "--all", "-m", subject)
    return run_git(clone, "rev-parse", "HEAD")


def test_a_way_forward_names_its_commits_newest_first_and_back_is_back(clone: Path, run_git: GitRun) -> None:
    base = run_git(clone, "rev-parse", "HEAD")
    first = commit(clone, run_git, "a: 2\n", "First")
    second = commit(clone, run_git, "a: 3\n", "Second")
    repository = git.open_repository(clone)
    way = git.advance(repository, base, second)
    assert (way.relation, [c.id for c in way.commits], way.reverted) == ("forward", [second, first], frozenset())
    assert git.advance(repository, second, base).relation == "back"
    assert git.advance(repository, base, base).relation == "same"


def test_a_rewritten_or_unknown_revision_is_apart(clone: Path, run_git: GitRun) -> None:
    base = run_git(clone, "rev-parse", "HEAD")
    first = commit(clone, run_git, "a: 2\n", "First")
    run_git(clone, "reset", "--quiet", "--hard", base)
    other = commit(clone, run_git, "a: 3\n", "Other")
    repository = git.open_repository(clone)
    assert git.advance(repository, first, other).relation == "apart"
    assert git.advance(repository, "f" * 40, other).relation == "apart"


def test_what_git_revert_reverts_is_known_and_a_subject_alone_reverts_nothing(clone: Path, run_git: GitRun) -> None:
    base = run_git(clone, "rev-parse", "HEAD")
    bad = commit(clone, run_git, "a: 2\n", "Bad")
    run_git(clone, "revert", "--no-edit", bad)
    tip = commit(clone, run_git, "a: 4\n", f'Revert "{base[:12]}"')
    way = git.advance(git.open_repository(clone), bad, tip)
    assert way.reverted == {bad}


def test_no_more_commits_are_read_than_a_person_would(clone: Path, run_git: GitRun, monkeypatch: object) -> None:
    base = run_git(clone, "rev-parse", "HEAD")
    for number in range(3):
        tip = commit(clone, run_git, f"a: 9{number}\n", f"Number {number}")
    monkeypatch.setattr(ancestry, "MOST", 2)  # type: ignore[attr-defined]
    assert len(git.advance(git.open_repository(clone), base, tip).commits) == 2

"""Which revision a stage follows while the newest must soak elsewhere: over a real Git repository."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.git.repositories import GitRun, clone, run_git, template

from stagemail import git
from stagemail.model.gate import Gating
from stagemail.model.standing import Readiness, Standing
from stagemail.model.verdict import Verdict
from stagemail.reconcile.candidates import followed
from stagemail.source.branch import GitBranch, local

__all__ = ["clone", "run_git", "template"]

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SOAK = 3600
GATING = Gating(depends_on=("qa",), soak=SOAK)


def no_documents(_repository: git.Repository, _revision: str) -> Any:
    raise AssertionError("no documents are read to choose a revision")


@dataclass
class Branch:
    """A branch with the folders of qa and production, and how long qa was Ready with which of its revisions."""

    folder: Path
    run: GitRun
    ready: list[Readiness] = field(default_factory=list)

    def __post_init__(self) -> None:
        judge = lambda _repository, tip: Verdict(tip, tip)  # noqa: E731
        folders = {stage: (f"environments/{stage}",) for stage in ("qa", "production")}
        self.source = GitBranch(local(self.folder, "main"), judge, no_documents, folders)
        self.start = self.commit("0")

    def commit(self, text: str) -> str:
        """The same change in both stages."""
        for stage in ("qa", "production"):
            path = self.folder / "environments" / stage / "a.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"a: {text}\n")
        self.run(self.folder, "add", ".")
        self.run(self.folder, "commit", "--quiet", "-m", f"Change to {text}")
        return self.tip()

    def revert(self, revision: str) -> str:
        self.run(self.folder, "revert", "--no-edit", revision)
        return self.tip()

    def tip(self) -> str:
        self.source.look()
        return self.run(self.folder, "rev-parse", "HEAD")

    def was_ready(self, revision: str, *, ago: int, lasting: int | None = None) -> None:
        """Qa was Ready with a revision from so many seconds ago on, for so long (None: it still is)."""
        since = NOW - timedelta(seconds=ago)
        until = None if lasting is None else since + timedelta(seconds=lasting)
        self.ready.insert(0, Readiness(self.source.contents(revision)["qa"], revision, since, until))

    def chosen(self, applied: str, gating: Gating = GATING) -> str:
        """What production, which has ``applied``, follows now."""
        standings: Mapping[str, Standing] = {"qa": Standing("qa", readiness=tuple(self.ready))}
        world: Any = SimpleNamespace(
            clock=SimpleNamespace(now=lambda: NOW), standings=SimpleNamespace(standing=standings.__getitem__)
        )
        mine = Standing("production", revision=applied, content=self.source.contents(applied)["production"])
        return followed(gating, mine, self.tip(), self.source, world)


@pytest.fixture
def branch(clone: Path, run_git: GitRun) -> Branch:
    return Branch(clone, run_git)


def test_production_follows_the_newest_revision_that_has_soaked(branch: Branch) -> None:
    old, soaked, young = (branch.commit(text) for text in "123")
    branch.was_ready(old, ago=9 * SOAK, lasting=2 * SOAK)
    branch.was_ready(soaked, ago=3 * SOAK, lasting=2 * SOAK)
    branch.was_ready(young, ago=60)
    assert branch.chosen(branch.start) == soaked


def test_the_tip_is_followed_once_it_has_soaked_and_where_nothing_must(branch: Branch) -> None:
    first, tip = branch.commit("1"), branch.commit("2")
    branch.was_ready(first, ago=9 * SOAK, lasting=2 * SOAK)
    branch.was_ready(tip, ago=60)
    assert branch.chosen(branch.start, Gating()) == tip
    branch.was_ready(tip, ago=SOAK + 1)
    assert branch.chosen(branch.start) == tip


def test_a_revision_that_was_reverted_is_held_and_not_applied_again(branch: Branch) -> None:
    bad = branch.commit("bad")
    branch.was_ready(bad, ago=3 * SOAK, lasting=2 * SOAK)
    tip = branch.revert(bad)
    branch.was_ready(tip, ago=60)
    assert branch.chosen(branch.start) == tip, "the tip, where production waits: the bad one is never taken"


def test_a_revision_that_contains_a_reverted_commit_is_not_followed_either(branch: Branch) -> None:
    bad, next_ = branch.commit("bad"), branch.commit("next")
    branch.was_ready(next_, ago=3 * SOAK, lasting=2 * SOAK)
    branch.run(branch.folder, "commit", "--quiet", "--allow-empty", "-m", f"Undo\n\nThis reverts commit {bad}.")
    tip = branch.commit("good")
    branch.was_ready(tip, ago=60)
    assert branch.chosen(branch.start) == tip


def test_the_same_change_in_a_new_commit_is_followed_again(branch: Branch) -> None:
    bad = branch.commit("1")
    reverted = branch.revert(bad)
    again, young = branch.commit("1"), branch.commit("2")
    branch.was_ready(bad, ago=9 * SOAK, lasting=2 * SOAK)
    branch.was_ready(young, ago=60)
    assert branch.chosen(reverted) == young, "only the reverted commit itself has soaked"
    branch.was_ready(again, ago=3 * SOAK, lasting=2 * SOAK)
    assert branch.chosen(branch.start) == branch.chosen(reverted) == again


def test_production_never_goes_back(branch: Branch) -> None:
    old, applied, tip = (branch.commit(text) for text in "123")
    branch.was_ready(old, ago=9 * SOAK, lasting=2 * SOAK)
    branch.was_ready(tip, ago=60)
    assert branch.chosen(applied) == tip


def test_what_was_ready_on_a_history_that_is_gone_is_not_followed(branch: Branch) -> None:
    gone = branch.commit("gone")
    branch.was_ready(gone, ago=3 * SOAK, lasting=2 * SOAK)
    branch.run(branch.folder, "reset", "--quiet", "--hard", branch.start)
    tip = branch.commit("other")
    branch.was_ready(tip, ago=60)
    assert branch.chosen(branch.start) == tip

"""The loop by a clock of the test: who is woken by what, who is left alone, and what never stops it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from stagemail.dispatch.in_process import InProcessDispatcher
from stagemail.errors import InvalidInput, Unreachable
from stagemail.model.condition import Condition
from stagemail.model.happening import Finished, Happening, Looked, Reloaded, Ticked, Troubled
from stagemail.model.job import Hint, Job
from stagemail.model.revision import Advance, Loaded
from stagemail.model.verdict import Verdict
from stagemail.ports import Follower
from stagemail.reconcile.loop import Loop
from stagemail.reconcile.observers import Observers
from stagemail.reconcile.setup import Followed, Passed, Setup


class FakeClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds


class FakeSource:
    """A branch whose revisions say what each stage's documents are."""

    def __init__(self, **contents: str) -> None:
        self.revisions = [contents]
        self.looks = 0
        self.asked = 0
        self.away = False
        self.follow: str | None = None
        """The revision that stands while the branch is held."""

    def commit(self, **contents: str) -> None:
        self.revisions.append({**self.revisions[-1], **contents})

    def look(self) -> Verdict:
        self.looks += 1
        if self.away:
            raise Unreachable("the Git server does not answer")
        tip = f"{len(self.revisions) - 1:040d}"
        if self.follow is None:
            return Verdict(tip, tip)
        return Verdict(self.follow, tip, "HistoryRewritten", "the branch was force-pushed", "write since")

    def contents(self, revision: str) -> Mapping[str, str]:
        self.asked += 1
        return self.revisions[int(revision)]

    def load(self, revision: str) -> Loaded:
        raise NotImplementedError

    def advance(self, old: str, new: str) -> Advance:
        raise NotImplementedError


@dataclass
class Desk:
    """A loop over fake sources and stages; passes are remembered, and fail where the test says so."""

    sources: dict[str, Follower]
    stages: dict[str, Followed]
    clock: FakeClock = field(default_factory=FakeClock)
    failing: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    done: list[tuple[str, str]] = field(default_factory=list)
    seen: list[Happening] = field(default_factory=list)
    new: list[Setup | InvalidInput] = field(default_factory=list)
    again: float = 0.0
    at_least: float = 0.0
    takes: float = 0.0
    took: list[tuple[str, float, float]] = field(default_factory=list)
    """Each pass, when it began and when it ended."""
    random: Callable[[], float] = lambda: 0.0
    changed: tuple[Condition, ...] = ()
    decided: dict[str, str] | None = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alarms = 0
        self.loop = Loop(
            self.setup(),
            InProcessDispatcher(lambda work: work(), 4, self.clock),
            clock=self.clock,
            random=self.random,
            observers=Observers([self], self.clock),
            renew=self._renew,
            alarm=self._alarm,
        )
        self.loop.start()

    def setup(self) -> Setup:
        return Setup(self.stages, self.sources, 60.0, self._pass, self._decided)

    def _decided(self) -> Mapping[str, str]:
        if self.decided is None:
            raise Unreachable("the record does not answer")
        return self.decided

    def saw(self, happening: Happening) -> None:
        self.seen.append(happening)

    def told(self, kind: type) -> list[Happening]:
        return [happening for happening in self.seen if isinstance(happening, kind)]

    def until(self, seconds: float) -> None:
        """Let time pass as ``run`` would."""
        end = self.clock.elapsed + seconds
        while (pause := self.loop.tick()) + self.clock.elapsed <= end:
            self.clock.elapsed += pause
        self.clock.elapsed = end

    def names(self) -> list[str]:
        return [name for name, _ in self.done]

    def _pass(self, stage: str, verdict: Verdict, reason: str) -> Passed:
        if stage in self.broken:
            raise KeyError(stage)
        self.done.append((stage, reason))
        self.clock.elapsed += self.takes
        self.took.append((stage, self.clock.elapsed - self.takes, self.clock.elapsed))
        failed = stage in self.failing
        finished = Finished(
            stage, self.stages[stage].source, self.clock.now(), 0.0, reason, verdict.follow, verdict.tip
        )
        return Passed(replace(finished, changed=self.changed), at_least=self.at_least, failed=failed, again=self.again)

    def _renew(self) -> Setup | None:
        found = self.new.pop() if self.new else None
        if isinstance(found, InvalidInput):
            raise found
        return found

    def _alarm(self) -> None:
        self.alarms += 1


def desk(
    *names: str, interval: float = 600.0, settled: str = "", random: Callable[[], float] = lambda: 0.0
) -> tuple[Desk, FakeSource]:
    source = FakeSource(**dict.fromkeys(names, "1"))
    stages = {n: Followed(n, "source", "acme", interval, settled=settled) for n in names}
    return Desk({"source": source}, stages, random=random), source


def test_after_a_start_every_stage_is_reconciled_once() -> None:
    made, _ = desk("development", "qa")
    made.until(30.0)
    assert sorted(made.done) == [("development", "start"), ("qa", "start")]


def test_a_stage_that_was_settled_before_the_start_waits_for_its_turn() -> None:
    made, _ = desk("qa", settled="1")
    made.until(5.0)
    assert made.done == []
    made.until(60.0)
    assert made.done == [("qa", "start")]


def test_a_commit_wakes_only_the_stages_whose_documents_changed() -> None:
    made, source = desk("development", "qa", "production")
    made.until(30.0)
    made.done.clear()
    source.commit(qa="2")
    made.until(90.0)
    assert made.done == [("qa", "commit")]
    looked = [seen for seen in made.told(Looked) if isinstance(seen, Looked) and seen.is_new]
    assert [seen.concerned for seen in looked] == [("development", "production", "qa"), ("qa",)]


def test_nothing_new_is_one_look_at_the_branch_and_no_look_at_its_contents() -> None:
    made, source = desk("qa", interval=86400.0)
    made.until(3600.0)
    assert 60 <= source.looks <= 80
    assert source.asked == 1
    assert len(made.done) == 1


def test_drift_is_looked_for_at_every_interval() -> None:
    made, _ = desk("qa")
    made.until(3601.0)
    assert made.done == [("qa", "start"), *[("qa", "interval")] * 6]


def test_a_hint_looks_at_once_and_only_at_the_source_that_it_names() -> None:
    made, source = desk("qa")
    other = FakeSource(shop="1")
    made.sources["other"] = other
    made.stages["shop"] = Followed("shop", "other", "acme", 600.0)
    made.new.append(made.setup())
    made.until(30.0)
    looks, others, alarms = source.looks, other.looks, made.alarms
    source.commit(qa="2")
    made.loop.wake(Hint("source", ("environments/qa/email.yaml",)))
    assert made.alarms == alarms + 1
    made.loop.tick()
    assert (source.looks, other.looks) == (looks + 1, others)
    made.loop.tick()
    assert made.done[-1] == ("qa", "commit")
    made.loop.wake(Hint("nobody"))
    made.loop.wake(Hint())
    made.loop.tick()
    assert (source.looks, other.looks) == (looks + 2, others + 1)


def test_a_stage_that_always_fails_backs_off_and_starves_nobody() -> None:
    made, _ = desk("bad", "good")
    made.failing.add("bad")
    made.until(3600.0)
    counts = {name: made.names().count(name) for name in ("bad", "good")}
    assert counts["good"] == 7
    assert 6 <= counts["bad"] <= 16
    made.failing.clear()
    made.until(1800.0)
    assert made.done[-1][1] == "interval"


def test_a_source_that_does_not_answer_is_asked_again_and_stages_wait_for_it() -> None:
    made, source = desk("qa")
    source.away = True
    made.until(600.0)
    assert made.done == []
    assert 4 <= source.looks <= 20
    errors = [seen.error for seen in made.told(Looked) if isinstance(seen, Looked)]
    assert errors[0] == "the Git server does not answer"
    source.away = False
    made.until(900.0)
    assert made.done[0] == ("qa", "start")


def test_a_branch_that_may_not_be_followed_is_told_and_what_stood_before_is_still_kept() -> None:
    made, source = desk("development", "qa")
    made.until(30.0)
    made.done.clear()
    source.commit(qa="2")
    source.follow = f"{0:040d}"
    made.until(120.0)
    assert sorted(made.done) == [("development", "history"), ("qa", "history")]
    told = [seen.error for seen in made.told(Looked) if isinstance(seen, Looked) and seen.is_new]
    assert told[-1] == "the branch was force-pushed; write since"
    finished = [seen for seen in made.told(Finished) if isinstance(seen, Finished)][-1]
    assert (finished.revision, finished.wanted) == (f"{0:040d}", f"{1:040d}")
    source.follow = None
    made.until(120.0)
    assert made.done[-1] == ("qa", "commit")


def test_what_is_gone_of_a_source_stops_no_look_for_drift() -> None:
    made, source = desk("qa")
    made.until(30.0)
    source.away = True
    made.until(1200.0)
    assert made.names() == ["qa"] * 3


def test_a_defect_in_one_stage_is_told_and_the_others_go_on() -> None:
    made, _ = desk("bad", "good")
    made.broken.add("bad")
    made.until(1300.0)
    assert made.names().count("good") == 3
    troubles = [seen for seen in made.told(Troubled) if isinstance(seen, Troubled)]
    assert {t.where for t in troubles} == {"reconcile:bad"}
    assert "KeyError" in troubles[0].message
    assert made.loop._dispatcher.depth().running == 0


def test_a_defect_in_handing_out_is_told_and_everything_is_handed_out_later() -> None:
    made, _ = desk("qa")
    submit = made.loop._dispatcher.submit

    def broken(job: Job) -> bool:
        made.loop._dispatcher.submit = submit  # type: ignore[method-assign]
        raise KeyError(job.name)

    made.loop._dispatcher.submit = broken  # type: ignore[method-assign]
    made.until(300.0)
    assert made.names() == ["qa"]
    assert [(t.where, t.message) for t in made.told(Troubled) if isinstance(t, Troubled)] == [
        ("jobs", "a defect of stagemail: KeyError")
    ]


def test_an_observer_that_raises_stops_nothing_and_is_told_to_the_others() -> None:
    made, _ = desk("qa")

    class Bad:
        def saw(self, happening: Happening) -> None:
            raise ValueError

    made.loop._tell = Observers((Bad(), made), made.clock).tell
    made.until(30.0)
    assert made.names() == ["qa"]
    assert any("ValueError" in seen.message for seen in made.told(Troubled) if isinstance(seen, Troubled))


def test_a_new_operator_file_is_taken_and_a_broken_one_is_not() -> None:
    made, _ = desk("qa", "gone")
    made.until(30.0)
    made.stages = {"qa": made.stages["qa"], "new": Followed("new", "source", "acme", 600.0)}
    source = made.sources["source"]
    assert isinstance(source, FakeSource)
    source.revisions[-1] = {"qa": "1", "new": "1"}
    made.new.append(made.setup())
    made.done.clear()
    made.until(30.0)
    assert sorted(made.names()) == ["new", "qa"], "policy may be another one, so every stage is looked at"
    made.new.append(InvalidInput("stagemail.yaml has one problem; the old one stays in force"))
    made.until(600.0)
    reloads = [seen.error for seen in made.told(Reloaded) if isinstance(seen, Reloaded)]
    assert [bool(error) for error in reloads] == [False, True]
    assert made.names().count("qa") > 1
    assert "gone" not in made.names()


def test_what_a_look_of_before_saw_is_not_taken_by_a_new_operator_file() -> None:
    """Its verification may be another one, and its follower has not looked yet."""
    made, old = desk("qa")
    new = FakeSource(qa="2")
    look, verdicts = old.look, list[str]()
    reconcile = made._pass

    def slow() -> Verdict:
        made.sources = {"source": new}
        made.loop.take(replace(made.setup(), reconcile=passes))
        return look()

    def passes(stage: str, verdict: Verdict, reason: str) -> Passed:
        assert new.looks, "the new follower was not asked before"
        verdicts.append(verdict.tip)
        return reconcile(stage, verdict, reason)

    old.look = slow  # type: ignore[method-assign]
    made.until(30.0)
    assert made.names() == ["qa"]
    assert (old.looks, new.looks) == (1, 1), "and it looks at once"
    assert len(made.told(Looked)) == 1, "what the old one saw wakes nobody"


def test_a_moment_at_which_something_can_change_is_not_slept_through() -> None:
    made, _ = desk("qa")
    made.again = 90.0
    made.until(400.0)
    assert made.names() == ["qa"] * 5


def test_how_much_waits_and_how_late_it_is_told() -> None:
    made, _ = desk("qa")
    made.clock.elapsed += 45.0
    made.loop.tick()
    ticks = [seen for seen in made.told(Ticked) if isinstance(seen, Ticked)]
    assert ticks[0].late == 45.0


def test_a_stage_whose_conditions_changed_wakes_those_that_wait_for_it() -> None:
    source = FakeSource(qa="1", other="1", production="1")
    after = {"qa": (), "other": (), "production": ("qa",)}
    made = Desk({"source": source}, {n: Followed(n, "source", "acme", 600.0, first) for n, first in after.items()})
    made.until(30.0)
    made.done.clear()
    made.changed = (Condition("Ready", "True", "InSync"),)
    source.commit(qa="2")
    made.until(90.0)
    assert made.done == [("qa", "commit"), ("production", "dependency")]


def test_what_a_person_decided_wakes_the_stages_that_it_is_about_at_the_next_look() -> None:
    made, _ = desk("qa", "production")
    made.decided = {"qa": "1"}
    made.until(90.0)
    made.done.clear()
    made.decided = {"qa": "1", "production": "2"}
    made.until(70.0)
    assert made.done == [("production", "decision")]
    made.done.clear()
    made.decided = None
    made.until(70.0)
    assert made.done == [], "a record that is away says nothing"
    made.decided = {"qa": "1", "production": "2", "": "3"}
    made.until(70.0)
    assert sorted(made.done) == [("production", "decision"), ("qa", "decision")]


def test_drift_is_looked_for_no_more_often_than_the_platforms_limits_allow() -> None:
    made, _ = desk("qa")
    made.at_least = 1200.0
    made.until(3700.0)
    assert made.names() == ["qa"] * 3, "at 0, 1500 and 3000 s: a fifth is left for chance"


def test_an_interval_is_from_the_beginning_of_a_look_to_the_end_of_the_next() -> None:
    made, _ = desk("qa")
    made.takes = 100.0
    made.until(3650.0)
    assert made.names() == ["qa"] * 8, "at 0, 500, 1000 s …: what is changed behind a look is seen within the interval"


@pytest.mark.parametrize("seed", range(20))
def test_drift_is_seen_within_the_interval_also_where_stages_of_an_organization_wait_for_each_other(seed: int) -> None:
    names = ("development", "production", "qa", "test")
    made, source = desk(*names, random=Random(seed).random if seed else lambda: 0.0)
    made.takes = 50.0
    commits = Random(seed)
    for number in range(30):
        source.commit(**dict.fromkeys(commits.sample(names, commits.randrange(4)), str(number + 2)))
        made.until(commits.uniform(10.0, 1500.0))
    for name in names:
        looks = [(begun, ended) for stage, begun, ended in made.took if stage == name]
        unseen = [ended - before for (before, _), (_, ended) in pairwise(looks)]
        assert max(unseen) <= 600.0 + 1e-6, name


def test_looks_that_take_long_are_no_more_frequent_than_the_platforms_limits_allow() -> None:
    made, _ = desk("development", "qa")
    made.at_least, made.takes = 800.0, 200.0
    made.until(36000.0)
    begun = [begun for stage, begun, _ in made.took if stage == "qa"]
    assert min(after - before for before, after in pairwise(begun[1:])) >= 800.0


def test_run_ends_when_it_is_told_to() -> None:
    made, _ = desk("qa")
    pauses: list[float] = []
    stop: Callable[[], bool] = lambda: len(pauses) >= 3  # noqa: E731
    made.loop.run(stop, pauses.append)
    assert len(pauses) == 3

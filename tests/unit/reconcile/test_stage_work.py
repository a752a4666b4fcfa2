"""A pass that another process asked for: at the revision that the controller named, told back whatever came of it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from stagemail.dispatch.in_process_exchange import InProcessExchange
from stagemail.errors import Unreachable
from stagemail.model.happening import Finished, Happening, Troubled
from stagemail.model.job import Job
from stagemail.model.news import News
from stagemail.model.revision import Advance, Loaded
from stagemail.model.stopped import Stopped
from stagemail.model.verdict import Verdict
from stagemail.reconcile.observers import Observers
from stagemail.reconcile.setup import Followed, Passed, Setup
from stagemail.reconcile.stage_work import StageWork

OLD, NEW = Verdict("a", "a"), Verdict("b", "b")
JOB = Job("reconcile", "qa", "acme", "commit")


class StillClock:
    """Time that stands still; ``then`` happens while somebody sleeps."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.then = then
        self.slept = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.then()


class Branch:
    def __init__(self, at: Verdict) -> None:
        self.at = at
        self.looks = 0

    def look(self) -> Verdict:
        self.looks += 1
        return self.at

    def contents(self, revision: str) -> Mapping[str, str]:
        raise NotImplementedError

    def load(self, revision: str) -> Loaded:
        raise NotImplementedError

    def advance(self, old: str, new: str) -> Advance:
        raise NotImplementedError


class Host:
    def __init__(self, at: Verdict) -> None:
        self.branch = Branch(at)
        self.passes: list[Verdict] = []
        self.seen: list[Happening] = []
        self.exchange = InProcessExchange()
        self.outcome: Callable[[], None] = lambda: None
        setup = Setup({"qa": Followed("qa", "source", "acme", 60.0)}, {"source": self.branch}, 60.0, self._pass)
        self.clock = StillClock()
        self.work = StageWork(lambda: setup, self.exchange, self.clock, Observers([self], self.clock))

    def saw(self, happening: Happening) -> None:
        self.seen.append(happening)

    def _pass(self, stage: str, verdict: Verdict, reason: str) -> Passed:
        self.outcome()
        self.passes.append(verdict)
        return Passed(Finished(stage, "source", StillClock().now(), 0.0, reason), again=7.0, at_least=30.0)


def test_a_pass_is_at_the_revision_that_the_controller_named_and_its_outcome_is_told() -> None:
    host = Host(NEW)
    host.exchange.put("source", NEW)
    host.work(JOB)
    assert host.passes == [NEW]
    assert host.exchange.take() == (News("passed", "qa", again=7.0, at_least=30.0),)
    assert [type(one) for one in host.seen] == [Finished]


def test_the_source_is_looked_at_only_where_the_controller_saw_something_new() -> None:
    host = Host(OLD)
    host.exchange.put("source", OLD)
    for _ in range(3):
        host.work(JOB)
    assert host.branch.looks == 1
    host.branch.at = NEW
    host.exchange.put("source", NEW)
    host.work(JOB)
    assert (host.branch.looks, host.passes[-1]) == (2, NEW)


def test_a_branch_that_the_controller_holds_is_held_whatever_this_host_sees() -> None:
    held = Verdict("a", "b", "HistoryRewritten", "the branch was force-pushed")
    host = Host(NEW)  # a host with an empty mirror sees nothing wrong with the new history
    host.exchange.put("source", held)
    host.work(JOB)
    assert host.passes == [held]


def test_a_commit_that_this_host_cannot_verify_is_held_here_although_the_controller_follows_it() -> None:
    mine = Verdict("a", "b", "UnknownKey", "is signed with a key that is not trusted")
    host = Host(mine)
    host.exchange.put("source", NEW)
    host.work(JOB)
    assert host.passes == [mine]


def test_a_job_that_was_left_behind_waits_until_the_controller_has_seen_the_branch_as_it_is_now() -> None:
    host = Host(NEW)
    host.exchange.put("source", OLD)  # by a controller that was killed before the branch moved on
    host.clock.then = lambda: host.exchange.put("source", NEW)
    host.work(JOB)
    assert (host.passes, host.clock.slept) == ([NEW], 1.0)
    assert host.exchange.take()[0] == News("look", "source")


def test_a_branch_that_the_controller_does_not_see_as_this_host_does_is_left_alone() -> None:
    host = Host(NEW)
    host.exchange.put("source", OLD)
    host.work(JOB)
    assert host.passes == []
    assert isinstance(host.seen[0], Finished)
    assert "its branch is at b here, and the controller saw a last" in host.seen[0].error


def test_what_keeps_a_pass_from_beginning_is_said_and_told_as_a_failure() -> None:
    host = Host(NEW)
    host.work(JOB)
    assert isinstance(host.seen[0], Finished)
    assert "no controller has looked" in host.seen[0].error
    host.work(Job("reconcile", "nowhere", "acme"))
    assert isinstance(host.seen[1], Finished)
    assert "no such stage" in host.seen[1].error
    assert [news.failed for news in host.exchange.take()] == [True, True]


def test_a_defect_is_told_and_a_stop_is_left_to_the_dispatcher() -> None:
    host = Host(NEW)
    host.exchange.put("source", NEW)

    def breaks() -> None:
        raise KeyError

    host.outcome = breaks
    host.work(JOB)
    assert isinstance(host.seen[0], Troubled)
    assert host.exchange.take() == (News("passed", "qa", failed=True),)

    def stops() -> None:
        raise Stopped

    host.outcome = stops
    host.work(JOB)
    assert host.exchange.take() == ()


def test_an_exchange_that_is_away_does_not_undo_a_pass() -> None:
    host = Host(NEW)
    host.exchange.put("source", NEW)

    class Away(InProcessExchange):
        def tell(self, news: News) -> None:
            raise Unreachable("PostgreSQL is away")

    away = Away()
    away.put("source", NEW)
    host.work._exchange = away
    host.work(JOB)
    assert (host.passes, [type(one) for one in host.seen]) == ([NEW], [Finished])

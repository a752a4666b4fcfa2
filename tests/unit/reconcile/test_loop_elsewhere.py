"""The loop of a controller whose stages are reconciled by other processes."""

from dataclasses import dataclass, field

from tests.unit.reconcile.test_loop import FakeClock, FakeSource

from stagemail.dispatch.in_process import InProcessDispatcher
from stagemail.dispatch.in_process_exchange import InProcessExchange
from stagemail.dispatch.split import SplitDispatcher
from stagemail.errors import Unreachable
from stagemail.model.happening import Happening, Troubled
from stagemail.model.job import Depth, Hint, Job
from stagemail.model.news import News
from stagemail.reconcile.loop import Loop
from stagemail.reconcile.observers import Observers
from stagemail.reconcile.setup import Followed, Passed, Setup


@dataclass
class Queue:
    """Remembers what is submitted; away where the test says so."""

    jobs: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False

    def serve(self, work: object) -> None:
        raise NotImplementedError

    def submit(self, job: Job) -> bool:
        if self.away:
            raise Unreachable("PostgreSQL is away")
        self.jobs.append((job.name, job.reason))
        return True

    def is_due(self, _name: str, _seconds: float) -> bool:
        return True

    def depth(self) -> Depth:
        return Depth(len(self.jobs), 0)

    def stop(self, _seconds: float) -> bool:
        return True


class Controller:
    def __init__(self, source: FakeSource) -> None:
        self.clock = FakeClock()
        self.queue = Queue()
        self.exchange = InProcessExchange()
        self.seen: list[Happening] = []
        stages = {
            "qa": Followed("qa", "source", "acme", 600.0),
            "production": Followed("production", "source", "acme", 600.0, after=("qa",)),
        }
        self.loop = Loop(
            Setup(stages, {"source": source}, 60.0, self._pass),
            SplitDispatcher(InProcessDispatcher(lambda work: work(), 1, self.clock), self.queue),
            clock=self.clock,
            random=lambda: 0.0,
            observers=Observers([self], self.clock),
            exchange=self.exchange,
        )
        self.loop.start()

    def saw(self, happening: Happening) -> None:
        self.seen.append(happening)

    def _pass(self, *_: object) -> Passed:
        raise NotImplementedError("stages are reconciled elsewhere")

    def until(self, seconds: float) -> list[tuple[str, str]]:
        """Let time pass as ``run`` would; gives what was asked for meanwhile."""
        end = self.clock.elapsed + seconds
        while (pause := self.loop.tick()) + self.clock.elapsed <= end:
            self.clock.elapsed += pause
        self.clock.elapsed = end
        found, self.queue.jobs = self.queue.jobs, []
        return found


def test_stages_are_asked_for_once_their_source_was_looked_at_and_its_verdict_can_be_read() -> None:
    desk = Controller(FakeSource(qa="q1", production="p1"))
    asked = desk.until(5.0)
    assert asked == [("production", "start"), ("qa", "start")]
    verdict = desk.exchange.verdict("source")
    assert verdict is not None
    assert verdict.tip == "0" * 40


def test_a_source_that_cannot_be_seen_asks_for_nothing() -> None:
    source = FakeSource(qa="q1", production="p1")
    source.away = True
    desk = Controller(source)
    assert desk.until(300.0) == []
    source.away = False
    assert {name for name, _ in desk.until(900.0)} == {"qa", "production"}


def test_a_stage_that_nobody_reports_of_is_asked_for_again_at_its_interval() -> None:
    desk = Controller(FakeSource(qa="q1", production="p1"))
    desk.until(5.0)
    assert desk.until(500.0) == []
    assert sorted(desk.until(200.0)) == [("production", "interval"), ("qa", "interval")]


def test_a_report_says_when_the_stage_is_due_again_and_wakes_who_waits_for_it() -> None:
    desk = Controller(FakeSource(qa="q1", production="p1"))
    desk.until(5.0)
    desk.loop.hear(News("passed", "qa", seconds=3.0, failed=True))
    assert ("qa", "retry") in desk.until(30.0)
    desk.loop.hear(News("passed", "qa", seconds=3.0, changed=True))
    assert desk.until(1.0) == [("production", "dependency")]
    desk.loop.hear(News("passed", "qa", again=20.0))
    assert desk.until(30.0) == [("qa", "moment")]
    desk.loop.hear(News("passed", "no such stage"))


def test_a_stage_that_was_woken_since_it_was_handed_out_stays_due_when_its_report_comes() -> None:
    desk = Controller(FakeSource(qa="q1", production="p1"))
    desk.until(5.0)
    desk.loop.check("qa")
    desk.loop.hear(News("passed", "qa"))
    assert desk.until(1.0) == [("qa", "asked")]


def test_a_hint_that_another_controller_took_in_is_a_reason_to_look() -> None:
    source = FakeSource(qa="q1", production="p1")
    desk = Controller(source)
    desk.until(5.0)
    before = source.looks
    desk.loop.hear(News("look", "source"))
    desk.until(1.0)
    assert source.looks == before + 1
    desk.loop.wake(Hint())


def test_a_database_that_is_away_is_said_and_everything_is_asked_for_once_it_is_back() -> None:
    desk = Controller(FakeSource(qa="q1", production="p1"))
    desk.queue.away = True
    assert desk.until(60.0) == []
    assert any(isinstance(one, Troubled) and "PostgreSQL" in one.message for one in desk.seen)
    desk.queue.away = False
    assert {name for name, _ in desk.until(1800.0)} == {"qa", "production"}


def test_who_begins_to_lead_begins_anew() -> None:
    source = FakeSource(qa="q1", production="p1")
    desk = Controller(source)
    desk.until(5.0)
    before = source.looks
    desk.loop.take(desk.loop._setup)
    assert desk.until(5.0) == [("production", "start"), ("qa", "start")]
    assert source.looks > before

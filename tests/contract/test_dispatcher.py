"""What every dispatcher does, wherever the jobs are done. Another one joins by adding itself to ``dispatcher``."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from stagemail.dispatch.by_procrastinate import ProcrastinateDispatcher
from stagemail.dispatch.in_process import InProcessDispatcher
from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.model.job import Depth, Job
from stagemail.ports import Dispatcher

PATIENCE = 120.0
"""Seconds of real time that anything may take; no test waits for it unless it fails."""


class FakeClock:
    """Time that passes when the test says so; jobs are done in real time beside it."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.passed: Callable[[float], object] = lambda _seconds: None
        """What makes time pass for a dispatcher whose clock is elsewhere."""

    def now(self):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        self.passed(seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["in-process", "postgresql"])
def dispatcher(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Dispatcher]:
    if request.param == "postgresql":
        with closing(JobsDatabase(request.getfixturevalue("database")).prepare()) as jobs:
            shared = ProcrastinateDispatcher(jobs, 4)
            clock.passed = lambda seconds: jobs.rows(
                "UPDATE periods SET begun = begun - make_interval(secs => %(seconds)s)", {"seconds": seconds}
            )
            yield shared
            shared.stop(PATIENCE)
        return

    def start(work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()

    made = InProcessDispatcher(start, 4, clock)
    yield made
    made.stop(PATIENCE)


class Workshop:
    """Does jobs when the test lets them go, and remembers which were done side by side."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.together: set[frozenset[str]] = set()
        self._now: set[str] = set()
        self._changed = threading.Condition()
        self._free: set[str] = set()

    def work(self, job: Job) -> None:
        with self._changed:
            self.together |= {frozenset({job.key, other}) for other in self._now}
            self._now.add(job.key)
            self.begun.append(job.name)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: {job.name, "*"} & self._free, PATIENCE)
            self._free.discard(job.name)
            self._now.discard(job.key)
            self.ended.append(job.name)
            self._changed.notify_all()

    def let(self, name: str) -> None:
        """One job of this name, or all of them, may end."""
        with self._changed:
            self._free.add(name)
            self._changed.notify_all()

    def until(self, holds: Callable[["Workshop"], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: holds(self), PATIENCE), (self.begun, self.ended)


@pytest.fixture
def shop(dispatcher: Dispatcher) -> Iterator[Workshop]:
    made = Workshop()
    dispatcher.serve(made.work)
    yield made
    made.let("*")


def job(name: str, key: str = "") -> Job:
    return Job("reconcile", name, key or f"org-{name}")


def test_what_is_submitted_is_done_once(dispatcher: Dispatcher, shop: Workshop) -> None:
    shop.let("*")
    assert dispatcher.submit(job("qa"))
    shop.until(lambda s: s.ended == ["qa"])
    assert dispatcher.submit(job("qa")), "it waits no more, so it can be asked for again"
    shop.until(lambda s: s.ended == ["qa", "qa"])


def test_one_waits_and_one_is_done_however_often_it_is_asked_for(dispatcher: Dispatcher, shop: Workshop) -> None:
    dispatcher.submit(job("qa"))
    shop.until(lambda s: s.begun == ["qa"])
    assert [dispatcher.submit(job("qa")) for _ in range(5)] == [True, False, False, False, False]
    assert dispatcher.depth() == Depth(1, 1)
    shop.let("qa")
    shop.until(lambda s: s.begun == ["qa", "qa"])
    assert dispatcher.depth() == Depth(0, 1)


def test_jobs_of_one_key_are_never_done_side_by_side(dispatcher: Dispatcher, shop: Workshop) -> None:
    for number in range(6):
        dispatcher.submit(job(f"stage-{number}", "acme"))
    shop.until(lambda s: s.begun == ["stage-0"])
    shop.let("*")
    shop.until(lambda s: len(s.ended) == 6)
    assert frozenset({"acme"}) not in shop.together
    assert shop.begun == [f"stage-{number}" for number in range(6)], "the first to come is the first to be done"


def test_jobs_of_different_keys_are_done_side_by_side(dispatcher: Dispatcher, shop: Workshop) -> None:
    for name in ("acme", "other"):
        dispatcher.submit(job(name))
    shop.until(lambda s: sorted(s.begun) == ["acme", "other"])


def test_a_key_that_is_busy_holds_up_no_other(dispatcher: Dispatcher, shop: Workshop) -> None:
    for number in range(8):
        dispatcher.submit(job(f"slow-{number}", "acme"))
    dispatcher.submit(job("quick", "other"))
    shop.until(lambda s: "quick" in s.begun)
    shop.let("quick")
    shop.until(lambda s: s.ended == ["quick"])


def test_a_name_that_comes_again_and_again_does_not_starve_another(dispatcher: Dispatcher, shop: Workshop) -> None:
    dispatcher.submit(job("failing", "acme"))
    shop.until(lambda s: s.begun == ["failing"])
    dispatcher.submit(job("good", "acme"))
    dispatcher.submit(job("failing", "acme"))
    shop.let("failing")
    shop.until(lambda s: s.begun[1:2] == ["good"])


def test_periodic_work_is_due_for_one_asker_in_each_period(dispatcher: Dispatcher, clock: FakeClock) -> None:
    assert [dispatcher.is_due("look", 3600.0) for _ in range(3)] == [True, False, False]
    assert dispatcher.is_due("another", 3600.0)
    clock.sleep(2700.0)  # a database's own time goes on besides
    assert not dispatcher.is_due("look", 3600.0)
    clock.sleep(900.0)
    assert [dispatcher.is_due("look", 3600.0) for _ in range(2)] == [True, False]


def test_a_stop_waits_for_what_is_done_and_begins_nothing_more(dispatcher: Dispatcher, shop: Workshop) -> None:
    for name in ("first", "second"):
        dispatcher.submit(job(name, "acme"))
    shop.until(lambda s: s.begun == ["first"])
    assert not dispatcher.stop(0.01), "the first is still under way"
    assert not dispatcher.submit(job("third"))
    shop.let("*")
    assert dispatcher.stop(PATIENCE)
    assert shop.ended == ["first"]

"""What the loop itself costs for each stage that is due, from 10 stages to 10,000: schedule, jobs, telling.

Passes do nothing here, and time is an argument. Not here: whole controllers (``controllers``).
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from stagemail.model.happening import Finished
from stagemail.model.job import Depth, Job
from stagemail.model.revision import Advance, Loaded, Revision
from stagemail.model.verdict import Verdict
from stagemail.reconcile.loop import Loop
from stagemail.reconcile.observers import Observers
from stagemail.reconcile.setup import Followed, Passed, Setup

TIP = "a" * 40
START = datetime(2026, 1, 1, tzinfo=UTC)


class _Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds


class _AtOnce:
    """Does each job where it is submitted."""

    def __init__(self) -> None:
        self._work: Callable[[Job], None] = lambda _job: None

    def serve(self, work: Callable[[Job], None]) -> None:
        self._work = work

    def submit(self, job: Job) -> bool:
        self._work(job)
        return True

    def is_due(self, _name: str, _seconds: float) -> bool:
        return True

    def depth(self) -> Depth:
        return Depth(0, 0)

    def stop(self, _seconds: float) -> bool:
        return True


class _Still:
    """A branch on which nothing is new. ``known``: by stage, what its documents are."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    def look(self) -> Verdict:
        return Verdict(TIP, TIP)

    def contents(self, _revision: str) -> Mapping[str, str]:
        return self._known

    def load(self, _revision: str) -> Loaded:
        return Loaded(Revision(TIP))

    def advance(self, _old: str, _new: str) -> Advance:
        return Advance("same")


def per_stage(stages: int, rounds: int = 5) -> float:
    """Seconds of processor time for each stage of a round in which every one is due once; the least of some rounds."""
    names = [f"s{number:05}" for number in range(stages)]
    clock = _Clock()

    def pass_(stage: str, verdict: Verdict, reason: str) -> Passed:
        return Passed(Finished(stage, "source", clock.now(), 0.0, reason, verdict.follow, verdict.tip))

    followed = {name: Followed(name, "source", "organization", 60.0) for name in names}
    still = _Still({name: name for name in names})
    setup = Setup(followed, {"source": still}, 60.0, pass_)
    loop = Loop(setup, _AtOnce(), clock=clock, random=lambda: 0.5, observers=Observers((), clock))
    loop.start()
    clock.sleep(61)
    loop.tick()
    loop.tick()
    best = float("inf")
    for _ in range(rounds):
        clock.sleep(61)
        begun = time.process_time()
        loop.tick()
        best = min(best, time.process_time() - begun)
    return best / stages

"""The dispatcher of one process, beyond the contract: threads are bounded, and a job that raises costs none."""

from collections.abc import Callable

import pytest

from stagemail.dispatch.in_process import InProcessDispatcher
from stagemail.model.job import Depth, Job


class StillClock:
    def now(self):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def test_no_more_workers_are_begun_than_allowed_and_none_without_work() -> None:
    begun: list[Callable[[], None]] = []
    dispatcher = InProcessDispatcher(begun.append, 2, StillClock())
    done: list[str] = []
    dispatcher.submit(Job("look", "early", "early"))
    assert begun == []
    dispatcher.serve(lambda job: done.append(job.name))
    for name in ("a", "b", "c", "d"):
        dispatcher.submit(Job("look", name, name))
    assert len(begun) == 2
    begun[0]()
    assert done == ["early", "a", "b", "c", "d"]
    begun[1]()
    dispatcher.submit(Job("look", "later", "later"))
    assert len(begun) == 3, "a worker that found nothing has gone home, and another one may come"


def test_a_job_that_raises_frees_its_key_and_its_worker() -> None:
    begun: list[Callable[[], None]] = []
    dispatcher = InProcessDispatcher(begun.append, 1, StillClock())

    def work(job: Job) -> None:
        raise KeyError(job.name)

    dispatcher.serve(work)
    for _ in range(3):
        dispatcher.submit(Job("reconcile", "qa", "acme"))
        with pytest.raises(KeyError):
            begun.pop()()
        assert dispatcher.depth() == Depth(0, 0)

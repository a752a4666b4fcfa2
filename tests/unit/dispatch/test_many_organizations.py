"""Several organizations, one worker and then three: every stage is reconciled once, whoever does it."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from threading import Condition

import pytest

from stagemail.dispatch.by_procrastinate import ProcrastinateDispatcher
from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.model.job import Depth, Job

ORGANIZATIONS, STAGES = 6, 2
PATIENCE = 120.0


class Platforms:
    """What the workers of all hosts do, where it can be seen."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.now: list[str] = []
        self.together: set[str] = set()
        self.changed = Condition()

    def reconcile(self, job: Job) -> None:
        with self.changed:
            if job.key in self.now:
                self.together.add(job.key)
            self.now.append(job.key)
        with self.changed:
            self.changed.wait(0.02)  # somebody else may run
            self.now.remove(job.key)
            self.done.append(job.name)
            self.changed.notify_all()


@pytest.fixture
def hosts(request: pytest.FixtureRequest, database: str) -> Iterator[list[ProcrastinateDispatcher]]:
    with ExitStack() as stack:
        made = []
        for _ in range(request.param):
            jobs = stack.enter_context(closing(JobsDatabase(database)))
            made.append(ProcrastinateDispatcher(jobs, 2))
            stack.callback(made[-1].stop, PATIENCE)
        yield made


@pytest.mark.parametrize("hosts", [1, 3], indirect=True)
def test_every_stage_is_reconciled_once_and_no_organization_twice_at_once(
    hosts: list[ProcrastinateDispatcher],
) -> None:
    platforms = Platforms()
    jobs = [
        Job("reconcile", f"org-{organization}-stage-{stage}", f"org-{organization}")
        for stage in range(STAGES)
        for organization in range(ORGANIZATIONS)
    ]
    for job in jobs:
        for host in hosts:  # as if each controller asked
            host.submit(job)
    for host in hosts:
        host.serve(platforms.reconcile)
    with platforms.changed:
        assert platforms.changed.wait_for(lambda: len(platforms.done) >= len(jobs), PATIENCE)
    assert sorted(platforms.done) == sorted(job.name for job in jobs)
    assert platforms.together == set()
    with platforms.changed:
        assert platforms.changed.wait_for(lambda: _is_over(platforms, hosts[0]), PATIENCE)
    assert len(platforms.done) == len(jobs)


def _is_over(platforms: Platforms, host: ProcrastinateDispatcher) -> bool:
    platforms.changed.wait(0.05)
    return host.depth() == Depth(0, 0)

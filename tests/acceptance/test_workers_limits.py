"""One organization's published limits hold over processes that take turns, each with connections of its own."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import MakeBench

from stagemail.reconcile.net import Net
from stagemail.wiring.opening import open_installation
from stagemail.wiring.running import Running

READS = 150
"""More than the platform lets through in one of its windows, and fewer than two workers by themselves would send."""


@pytest.fixture
def workers(
    make_bench: MakeBench, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Bench, Running, Running]]:
    """Two processes' worth of connections to one organization, over one database."""
    bench = make_bench(speed=50)
    text = bench.read("stagemail.yaml")
    bench.write("stagemail.yaml", text.replace("state: sqlite:///stagemail.db", f"state: {database}"))
    for name, value in bench.environment.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            one = Running(open_installation(str(bench.repository / "stagemail.yaml"), bench.repository), Net())
            stack.callback(one.close)
            made.append(one)
        yield bench, made[0], made[1]


def test_two_workers_that_take_turns_are_never_refused(workers: tuple[Bench, Running, Running]) -> None:
    bench, *both = workers
    already = sum(bench.platform.refused().values())
    for number in range(READS):
        both[number % 2].anew("qa").target.inventory("qa")
    assert sum(bench.platform.refused().values()) == already
    assert all(one.usage()["odc"] for one in both)
    used = [usage.used for one in both for usage in one.usage()["odc"] if usage.domain == "portfolios"]
    assert used[0] == pytest.approx(used[1], abs=2), "both see what both have used"

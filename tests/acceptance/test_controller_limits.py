"""A platform's limits hold as long as the controller runs, whatever passes and changes of the operator file it sees."""

from threading import Event, Thread

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import remote

from stagemail.model.job import Job
from stagemail.reconcile.net import Net
from stagemail.target.odc.call import PORTFOLIOS
from stagemail.wiring.controlling import Controlling


def used(controlling: Controlling) -> int:
    controlling.running.target("odc")
    (usage,) = (one for one in controlling.running.usage()["odc"] if one.domain == PORTFOLIOS)
    return usage.used


def look_twice(controlling: Controlling) -> None:
    for _ in range(2):
        world = controlling.running.anew("qa")
        world.target.inventory("qa")


def test_what_was_taken_of_a_limit_stays_taken_over_passes_and_a_new_operator_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bench.environment.items():
        monkeypatch.setenv(name, value)
    operator = bench.repository / "stagemail.yaml"
    controlling = Controlling(str(operator), bench.repository, Net())
    first = controlling.running
    look_twice(controlling)
    taken = used(controlling)
    assert taken >= 2, "the second pass reads its listings again, from the same bucket"
    bench.write("stagemail.yaml", bench.read("stagemail.yaml") + "\n# another one\n", commit=False)
    controlling.loop.tick()
    assert controlling.running is not first
    assert used(controlling) == taken
    controlling.running.close()


def test_sources_whose_server_hangs_never_hold_up_a_stage(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    remote(bench)
    for name, value in bench.environment.items():
        monkeypatch.setenv(name, value)
    controlling = Controlling(str(bench.repository / "stagemail.yaml"), bench.repository, Net())
    hangs_no_more, is_reconciled = Event(), Event()

    def work(job: Job) -> None:
        if job.kind == "look":
            hangs_no_more.wait()
        else:
            is_reconciled.set()

    monkeypatch.setattr(controlling.loop, "work", work)
    running = Thread(target=controlling.run)
    running.start()
    try:
        for number in range(64):  # more than ever work at the same time
            controlling._dispatcher.submit(Job("look", f"hung-{number}", f"source:hung-{number}", "start"))
        controlling._dispatcher.submit(Job("reconcile", "qa", "organization", "commit"))
        assert is_reconciled.wait(30.0)
    finally:
        hangs_no_more.set()
        controlling.stop()
        running.join()

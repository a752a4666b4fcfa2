"""A process that sleeps past its lease (SIGSTOP, a suspended machine): when it wakes it begins no further write."""

import signal
import subprocess

import pytest
from tests.acceptance.bench import PATIENCE, Bench
from tests.acceptance.test_controller import APPS, EMAIL, QUICK, controller, port, push, remote


def slower(bench: Bench, times: int = 8) -> None:
    """A lease lasts some seconds of the machine's, so that a busy machine loses none by itself."""
    speed, _, since = bench.environment["STAGEMAIL_CLOCK_SPEED"].partition("@")
    bench.environment["STAGEMAIL_CLOCK_SPEED"] = f"{int(speed) // times}@{since}"


def asleep_at(bench: Bench, process: "subprocess.Popen[str]", method: str) -> None:
    """Stop a process while its first write of a kind is on its way."""
    bench.until(lambda: bool(bench.platform.faults()[0]["hits"]) or process.poll() is not None, f"its {method}")
    process.send_signal(signal.SIGSTOP)


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_an_apply_that_wakes_after_its_lease_writes_nothing_more(applied: Bench, method: str) -> None:
    slower(applied)
    applied.change(EMAIL, "port: 587", "port: 2587")
    before = applied.mark()
    applied.platform.fault("delay", method=method, path="/api/", seconds=2.0)
    first = applied.start("apply", "qa")
    asleep_at(applied, first, method)
    applied.run("apply", "qa", expect=1).shows(f"pid {first.pid}", "its lease ends")
    applied.run("apply", "qa", "--wait", "600").shows("live on 5 of 5 apps")
    taken = applied.writes(before)
    assert max(taken.values()) == 1, taken
    first.send_signal(signal.SIGCONT)
    out, err = first.communicate(timeout=PATIENCE)
    assert first.returncode in (1, 5), (out, err)
    assert "no longer holds the lease" in " ".join((out + err).split())
    assert "Traceback" not in err
    assert applied.writes(before) == taken, "who woke wrote again"
    applied.run("plan", "qa", "--detailed-exitcode")


def test_a_controller_that_wakes_goes_on_beside_the_one_that_took_over(applied: Bench) -> None:
    remote(applied)
    slower(applied)
    assert QUICK in applied.read("stagemail.yaml")
    applied.change(EMAIL, "port: 587", "port: 2587")
    push(applied)
    before = applied.mark()
    applied.platform.fault("delay", method="PATCH", path="/api/", seconds=2.0)
    with controller(applied) as first:
        asleep_at(applied, first, "PATCH")
        with controller(applied):
            applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "the other one took over")
            first.send_signal(signal.SIGCONT)
            applied.change(EMAIL, "port: 2587", "port: 587")
            push(applied)
            applied.until(lambda: all(port(applied, app) == "587" for app in APPS), "one of them takes the next")
    writes = applied.writes(before)
    assert writes["PATCH", "QA"] == 2, writes
    assert max(writes.values()) == 2, writes
    applied.run("history", "--verify").shows("none altered")

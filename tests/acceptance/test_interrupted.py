"""Runs that are stopped or that meet: nothing is sent twice, the next run finishes, the words say who and what."""

import signal
import subprocess

import pytest
from tests.acceptance.bench import PATIENCE, Bench

SENDER = ("environments/qa/email.yaml", "name: Example QA", "name: Example QA team")


def stopped_after(bench: Bench, writes: int, number: int) -> "subprocess.Popen[str]":
    """An apply that gets a signal once so many writes have reached the platform."""
    before = bench.mark()
    process = bench.start("apply", "qa")
    bench.until(lambda: bench.mark() >= before + writes or process.poll() is not None, f"{writes} writes")
    process.send_signal(number)
    return process


def finishes(bench: Bench, before: int) -> None:
    """The next run goes on, and the platform's books show nothing twice."""
    bench.run("apply", "qa").shows("live on 5 of 5 apps")
    writes = bench.writes(before)
    assert writes["PATCH", "QA"] == 1, writes
    assert max(writes.values()) == 1, writes
    assert {bench.platform.live("QA", app)["senderName"] for app in ("CRM", "Billing")} == {"Example QA team"}
    bench.run("plan", "qa", "--detailed-exitcode")


@pytest.mark.parametrize("writes", [1, 4])
@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        (signal.SIGINT, 130, "the next run finds out"),
        (signal.SIGTERM, 143, "stopped by SIGTERM"),
        (signal.SIGKILL, -9, ""),
    ],
)
def test_a_stopped_apply_is_finished_by_the_next_run(
    applied: Bench, number: int, code: int, told: str, writes: int
) -> None:
    applied.change(*SENDER)
    before = applied.mark()
    process = stopped_after(applied, writes, number)
    out, err = process.communicate(timeout=PATIENCE)
    if process.returncode == 0:
        pytest.fail(f"the apply was over before it could be stopped: {out}")
    assert process.returncode == code, (out, err)
    assert told in " ".join(err.split())
    assert "Traceback" not in err
    finishes(applied, before)
    applied.run("history", "qa").shows("interrupted")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_what_is_stopped_before_anything_began_says_so(applied: Bench, number: int, code: int, verb: str) -> None:
    applied.change(*SENDER)
    before = applied.mark()
    applied.platform.fault("delay", method="GET", path="/deployed-assets", seconds=2.0)
    process = applied.start(verb, "qa")
    applied.until(lambda: bool(applied.platform.faults()[0]["hits"]), "the listing")
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, err
    assert "nothing was begun" in err
    assert applied.ledger(before) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_apply_that_is_stopped_while_a_write_is_on_its_way_is_settled_by_reading(
    applied: Bench, number: int
) -> None:
    applied.change(*SENDER)
    before = applied.mark()
    applied.platform.fault("delay", method="PATCH", seconds=0.3)
    finishes_after = stopped_after(applied, 0, 0)
    applied.until(lambda: bool(applied.platform.faults()[0]["hits"]), "the PATCH")
    finishes_after.send_signal(number)
    finishes_after.communicate(timeout=PATIENCE)
    applied.until(lambda: applied.mark() > before, "the platform to take what was sent")
    finishes(applied, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_reads_stops_at_once(applied: Bench, number: int) -> None:
    applied.platform.fault("status", method="GET", path="/api/", status=500, times=0)
    process = applied.start("plan", "qa")
    applied.until(lambda: applied.platform.faults()[0]["hits"] > 0, "a read")
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number, (out, err)
    assert "Traceback" not in err


def test_a_secret_of_unknown_outcome_is_sent_once_more_and_not_again(applied: Bench) -> None:
    applied.environment["STAGEMAIL_SMTP_QA"] = "acceptance-smtp-password-2"
    before = applied.mark()
    applied.platform.fault("delay", method="PATCH", seconds=2.0)
    process = stopped_after(applied, 0, 0)
    applied.until(lambda: bool(applied.platform.faults()[0]["hits"]), "the PATCH")
    process.kill()
    process.communicate(timeout=PATIENCE)
    applied.until(lambda: applied.mark() > before, "the platform to take what was sent")
    applied.run("apply", "qa").shows("live on 5 of 5 apps")
    assert applied.platform.secret_equals("QA", "password", "acceptance-smtp-password-2", "CRM")
    assert applied.writes(before)["PATCH", "QA"] == 2
    before = applied.mark()
    applied.run("apply", "qa")
    assert applied.ledger(before) == []


def slower(bench: Bench) -> None:
    """A lease lasts 9 s of the machine's: one of 0.9 s is lost where several processes share a busy machine."""
    speed, _, since = bench.environment["STAGEMAIL_CLOCK_SPEED"].partition("@")
    bench.environment["STAGEMAIL_CLOCK_SPEED"] = f"{int(speed) // 10}@{since}"


def test_the_second_of_two_runs_says_who_holds_it_or_waits(applied: Bench) -> None:
    slower(applied)
    applied.change(*SENDER)
    before = applied.mark()
    applied.platform.fault("delay", method="PATCH", seconds=3.0)  # so long that the second begins meanwhile
    first = applied.start("apply", "qa")
    applied.until(lambda: bool(applied.platform.faults()[0]["hits"]), "the PATCH")
    applied.run("apply", "qa", expect=1).shows(f"pid {first.pid}", "--wait")
    applied.run("plan", "qa")
    applied.run("apply", "qa", "--wait", "600").shows("live on 5 of 5 apps")
    out, err = first.communicate(timeout=PATIENCE)
    assert first.returncode == 0, (out, err)
    assert max(applied.writes(before).values()) == 1


def test_four_runs_at_once_write_everything_once(applied: Bench) -> None:
    applied.change(*SENDER)
    before = applied.mark()
    slower(applied)
    runs = [applied.start("apply", "qa", "--wait", "900") for _ in range(4)]
    codes = [(run.communicate(timeout=300), run.returncode) for run in runs]
    assert [code for _, code in codes] == [0, 0, 0, 0], codes
    assert max(applied.writes(before).values()) == 1

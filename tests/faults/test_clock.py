"""A clock that is moved under a running controller, by an hour and by years, forwards and back.

The short form moves the time of day of our own clock, at the benches' speed; the long form moves the machine's, as a
process sees it (libfaketime). Leases, soaks and windows alone: ``tests/contract/test_leases.py``, ``tests/unit``.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.acceptance import bench as benches
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import MakeBench
from tests.acceptance.test_controller import APPS, EMAIL, controller, port, push, remote
from tests.tied import TIED

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
HOUR, YEARS = 3600, 3 * 365 * 86400
CRM = ("environments/qa/apps.yaml", "crm-test@example.com", "crm-test-0@example.com")

LAUNCHER = """
import os, pathlib
from datetime import timedelta
from stagemail.wiring.clock import SystemClock
moved, now = pathlib.Path(os.environ["MOVED_BY"]), SystemClock.now
SystemClock.now = lambda self: now(self) + timedelta(seconds=float(moved.read_text()))
from stagemail.cli.main import main
main()
"""
"""stagemail whose time of day is so many seconds away from the machine's as a file says, whenever it asks."""


SLEEPER = """
import threading, time
time.sleep = lambda seconds: threading.Event().wait(seconds) and None
from stagemail.cli.main import main
main()
"""
"""stagemail that sleeps by waiting: libfaketime 0.9.10 refuses the sleep of Python 3.11 (EINVAL from `clock_nanosleep`
until a moment of the monotonic clock, which it moves although it is told not to)."""


class Moved:
    """A time of day that is moved: ``to`` so many seconds away from the machine's."""

    def __init__(self, bench: Bench) -> None:
        self.file = bench.folder / "moved-by"
        self.bench = bench
        self.to(0)

    def to(self, seconds: int) -> None:
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{seconds:+d}\n", encoding="ascii")
        draft.replace(self.file)

    def start(self, *arguments: str, launcher: str = LAUNCHER) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*TIED, sys.executable, "-c", launcher, *arguments],
            cwd=self.bench.repository, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **self.bench.environment, "MOVED_BY": str(self.file)},
        )  # fmt: skip


@contextmanager
def moved_controller(bench: Bench) -> Iterator[Moved]:
    """A controller whose clock can be moved."""
    moved, usual = Moved(bench), bench.start
    bench.start = moved.start  # type: ignore[method-assign]
    try:
        with controller(bench):
            yield moved
    finally:
        bench.start = usual  # type: ignore[method-assign]


def test_a_controller_goes_on_wherever_its_clock_is_moved_to(applied: Bench) -> None:
    remote(applied)
    before = applied.mark()
    jumps = [HOUR, -HOUR, YEARS, 0, -YEARS, 0]
    with moved_controller(applied) as moved:
        applied.until(lambda: any((applied.folder / "cache").rglob("mirrors/*")), "it has looked at its source")
        for number, seconds in enumerate(jumps):
            moved.to(seconds)
            old, new = ("587", "2587") if number % 2 == 0 else ("2587", "587")
            applied.change(EMAIL, f"port: {old}", f"port: {new}")
            push(applied)
            applied.until(
                lambda new=new: all(port(applied, app) == new for app in APPS),  # type: ignore[misc]
                f"live at {seconds:+d} s",
            )
            applied.platform.set("QA", "testListActive", "false", app="CRM")
            applied.until(
                lambda: applied.platform.live("QA", "CRM")["testListActive"] == "True", f"healed at {seconds:+d} s"
            )
    assert applied.writes(before)["PATCH", "QA"] == len(jumps), "once for each commit"
    assert sum(applied.platform.refused().values()) == 0, "the platform's limits were kept"
    applied.run("history", "--verify").shows("none altered")
    applied.run("plan", "qa", "--detailed-exitcode")
    applied.run("status", "qa").shows("qa Ready")


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, YEARS, -YEARS])
def test_a_run_that_was_killed_under_a_wrong_clock_blocks_nobody_afterwards(applied: Bench, seconds: int) -> None:
    moved = Moved(applied)
    applied.change(EMAIL, "port: 587", "port: 2587")
    before = applied.mark()
    applied.platform.fault("delay", method="PATCH", path="/api/", seconds=0.3)
    moved.to(seconds)
    process = moved.start("apply", "qa")
    applied.until(lambda: bool(applied.platform.faults()[0]["hits"]), "the PATCH")
    process.kill()
    process.communicate()
    applied.until(lambda: applied.mark() > before, "the platform to take what was sent")
    applied.run("apply", "qa").shows("live on 5 of 5 apps")
    assert applied.writes(before)["PATCH", "QA"] == 1
    applied.run("plan", "qa", "--detailed-exitcode")


@pytest.mark.faults
def test_a_controller_goes_on_wherever_its_machines_clock_is_moved_to(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not LIBRARIES:
        pytest.skip("libfaketime is not installed")
    bench = make_bench(speed=1.0, operation_seconds=0.2)
    monkeypatch.setattr(benches, "PATIENCE", 300.0)  # the platform's limits are minutes of real time here
    bench.environment["STAGEMAIL_CLOCK_SPEED"] = "1"
    bench.run("apply", "qa")
    remote(bench)
    moved = Moved(bench)
    bench.environment |= {
        "LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(moved.file), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
    }  # fmt: skip
    before = bench.mark()
    path, old, new = CRM
    monkeypatch.setattr(bench, "start", partial(moved.start, launcher=SLEEPER))
    with controller(bench):
        for number, seconds in enumerate((HOUR, YEARS, -YEARS, 0), 1):
            moved.to(seconds)
            bench.change(path, old, new)
            push(bench)
            bench.until(
                lambda new=new: new in str(bench.platform.live("QA", "CRM")["testList"]),  # type: ignore[misc]
                f"live at {seconds:+d} s",
            )
            old, new = new, f"crm-test-{number}@example.com"
    for name in ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE"):
        bench.unset(name)
    assert bench.writes(before)["PATCH", "QA/CRM"] == 4
    bench.run("history", "--verify").shows("none altered")

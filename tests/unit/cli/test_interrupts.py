"""Ctrl-C and SIGTERM: exceptions, but never in the middle of what must be done whole."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from stagemail.cli.interrupts import Interrupts, Terminated

STOPS = [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    before = {number: signal.getsignal(number) for number, _ in STOPS}
    made = Interrupts()
    made.install()
    yield made
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "stop"), STOPS)
def test_a_signal_is_raised_at_once(interrupts: Interrupts, number: int, stop: type[BaseException]) -> None:
    with pytest.raises(stop):
        os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "stop"), STOPS)
def test_what_must_be_whole_is_done_before_a_signal_is_raised(
    interrupts: Interrupts, number: int, stop: type[BaseException]
) -> None:
    done = []
    with pytest.raises(stop), interrupts.held_back():
        with interrupts.held_back():
            os.kill(os.getpid(), number)
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]


def test_a_signal_is_raised_once(interrupts: Interrupts) -> None:
    with pytest.raises(Terminated), interrupts.held_back():
        os.kill(os.getpid(), signal.SIGTERM)
    with interrupts.held_back():
        pass


def test_a_signal_after_an_error_is_not_forgotten(interrupts: Interrupts) -> None:
    with pytest.raises(Terminated), interrupts.held_back():
        os.kill(os.getpid(), signal.SIGTERM)
        raise ValueError


def test_work_in_another_thread_holds_nothing_back(interrupts: Interrupts) -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with interrupts.held_back():
            inside.set()
            leave.wait(120)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(120)
    try:
        with pytest.raises(Terminated):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        leave.set()
        thread.join(120)


HELD_UP = """
import threading, time
from stagemail.cli import main

def code(*_given):
    threading.Thread(target=time.sleep, args=(300.0,)).start()
    print("so far")
    raise {error}

main._code = code
main.main()
"""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("KeyboardInterrupt", 130, "stopped; nothing was begun"),
        ("main.Terminated", 143, "stopped by SIGTERM; nothing was begun"),
        ("main.UserMustFix('wrong', hint='mend it')", 1, "stagemail: wrong\n  → mend it"),
    ],
)
def test_a_thread_that_waits_for_a_place_in_a_limit_does_not_hold_up_the_end(error: str, code: int, said: str) -> None:
    program = [sys.executable, "-c", HELD_UP.format(error=error)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stdout) == (code, "so far\n")
    assert said in done.stderr

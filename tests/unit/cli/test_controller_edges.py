"""What stands around a loop that runs for months."""

import gc
import signal
import time
import weakref
from collections.abc import Iterator
from threading import Event, Lock
from typing import Any, cast

import pytest

from stagemail.cli import controller_edges
from stagemail.cli.controller_edges import serve

MANY = 20_000


class Knot:
    """Refers to itself, as what a pass leaves does where something failed in it."""

    def __init__(self) -> None:
        self.me = self


class Running:
    """A process whose passes leave so many knots; ``left``: those that were there in the end."""

    left = 0
    old = 0
    """Objects that were set apart while it ran."""

    def run(self) -> bool:
        """Leave them."""
        knots = [weakref.ref(Knot()) for _ in range(MANY)]
        self.left = sum(1 for knot in knots if knot() is not None)
        return True

    def start(self, _process: object) -> str:
        """Stand around it."""
        return ""

    def stop(self) -> None:
        """End."""


@pytest.fixture
def _as_a_command_begins() -> Iterator[None]:
    before = gc.get_threshold()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 50, 50)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
    for number, handler in handlers.items():
        signal.signal(number, handler)


class Lasting(Running):
    """One that leaves nothing and runs until what was loaded is set apart, or for some seconds."""

    def __init__(self) -> None:
        self.before = gc.get_freeze_count()  # not in ``run``: it may be set apart before that begins

    def run(self) -> bool:
        end = time.monotonic() + 120.0
        while gc.get_freeze_count() == self.before and time.monotonic() < end:
            time.sleep(0.01)
        self.old = gc.get_freeze_count() - self.before
        return True


@pytest.mark.usefixtures("_as_a_command_begins")
def test_what_passes_leave_is_let_go_while_the_process_runs() -> None:
    running = Running()
    serve(cast("Any", running), cast("Any", running), "following", lambda: None)
    assert running.left < MANY / 4, "a share of what is there at most, however many passes there were"


@pytest.mark.usefixtures("_as_a_command_begins")
def test_what_was_loaded_is_set_apart_so_that_little_is_left_to_look_through(monkeypatch: pytest.MonkeyPatch) -> None:
    gc.unfreeze()
    monkeypatch.setattr(controller_edges, "LOADED", 0.0)
    running = Lasting()
    serve(cast("Any", running), cast("Any", running), "following", lambda: None)
    assert running.old > 10_000
    assert len(gc.get_objects()) < running.old / 10, "what Python looks through from now on"


class Signalled(Running):
    """One that is told to stop, twice, while its own thread holds what ``stop`` needs: as in ``Event.wait``."""

    def __init__(self) -> None:
        self.lock, self.stopped, self.could = Lock(), Event(), False

    def run(self) -> bool:
        with self.lock:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
        return self.stopped.wait(120.0)

    def stop(self) -> None:
        if not self.stopped.is_set():
            self.could = self.lock.acquire(timeout=1.0)
            self.stopped.set()


@pytest.mark.usefixtures("_as_a_command_begins")
def test_a_signal_never_waits_for_what_the_loop_itself_holds() -> None:
    running = Signalled()
    around = Running()
    assert serve(cast("Any", running), cast("Any", around), "following", lambda: None) == 0
    assert running.could, "the handler ran in between, where only the loop could have let go"

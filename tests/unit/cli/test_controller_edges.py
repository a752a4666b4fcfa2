"""What stands around a loop that runs for months."""

import gc
import signal
import weakref
from collections.abc import Iterator
from typing import Any, cast

import pytest

from stagemail.cli.controller_edges import serve

MANY = 20_000


class Knot:
    """Refers to itself, as what a pass leaves does where something failed in it."""

    def __init__(self) -> None:
        self.me = self


class Running:
    """A process whose passes leave so many knots; ``left``: those that were there in the end."""

    left = 0

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


@pytest.mark.usefixtures("_as_a_command_begins")
def test_what_passes_leave_is_let_go_while_the_process_runs() -> None:
    running = Running()
    serve(cast("Any", running), cast("Any", running), "following", lambda: None)
    assert running.left < MANY / 4, "a share of what is there at most, however many passes there were"

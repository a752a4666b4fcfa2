"""Which cases there are: every point that a golden run of a scenario passes, by every kind of fault.

Not here: one case (``cases``).
"""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.failpoints.cases import (
    KINDS,
    SCENARIOS,
    Case,
    Outcome,
    Round,
    Stop,
    controller_round,
    kills_at,
    play,
    stop_round,
)
from tests.failpoints.world import Launcher, State, World

EACH = 8
"""Kills before one change is finished, at most."""
AT_MOST = 60
"""Cases that one world serves; then another is made, so that none grows old."""


class Worlds:
    """Makes worlds, one at a time; one in which a case failed is not used again."""

    def __init__(self, launcher: Launcher, state: Callable[[], State] = State) -> None:
        self.launcher = launcher
        self._state = state
        self._world: World | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._used = 0
        self._golden: dict[str, Counter[str]] = {}

    def golden(self, scenario: str) -> Counter[str]:
        """How often each point is passed where nothing happens, in the order of the first passing."""
        if scenario not in self._golden:
            self._golden[scenario] = golden(self.get(), scenario)
        return self._golden[scenario]

    def get(self) -> World:
        """One in which everything is as it shall be."""
        if self._world is None or self._used >= AT_MOST:
            self.drop()
            self._folder = tempfile.TemporaryDirectory(prefix="failpoints-")
            self._world = World(Path(self._folder.name), self.launcher, self._state())
            self._world.said("apply", "qa")
            self._world.push()
            self._world.mark()
        self._used += 1
        return self._world

    def drop(self) -> None:
        """End it."""
        if self._world is not None and self._folder is not None:
            self._world.__exit__()
            self._folder.cleanup()
        self._world, self._used = None, 0


@contextmanager
def worlds(state: Callable[[], State] = State) -> Iterator[Worlds]:
    """Worlds with a launcher of their own."""
    launcher = Launcher()
    made = Worlds(launcher, state)
    try:
        yield made
    finally:
        made.drop()
        launcher.close()


def golden(world: World, scenario: str) -> Counter[str]:
    """How often each point is passed where nothing happens."""
    done = play(world, Case(scenario, "nowhere", "kill", rotate=True))
    assert not done.problem, f"{scenario} without any fault: {done.problem}"
    return Counter(world.trace())


def points(made: Worlds, scenarios: Sequence[str] = tuple(SCENARIOS)) -> dict[str, Counter[str]]:
    """By scenario, its points; one that an earlier scenario passes is left out."""
    found: dict[str, Counter[str]] = {}
    known: set[str] = set()
    for scenario in scenarios:
        passed = made.golden(scenario)
        found[scenario] = Counter({p: n for p, n in passed.items() if p not in known})
        known |= set(passed)
    return found


def cases(found: dict[str, Counter[str]]) -> list[Case]:
    """Every point by every kind; every second one also rotates the password."""
    made = []
    for scenario, passed in found.items():
        for point in passed:
            made += [Case(scenario, point, kind, rotate=(len(made) + n) % 2 == 0) for n, kind in enumerate(KINDS)]
    return made


def rounds(passings: int, kills: int, seed: int) -> list[list[int]]:
    """Random kills in rounds, each at any of so many passings of a failpoint; by a fixed seed.

    A run that goes on after a kill has less to do, and is killed in its first half.
    """
    chosen = random.Random(seed)
    first = [chosen.randint(1, passings) for _ in range(kills)]
    return [[number, *(chosen.randint(1, passings // 2) for _ in range(EACH - 1))] for number in first]


def killed(
    made: Worlds, wanted: Sequence[Sequence[int]], kills: int, until: float, scenario: str = "apply"
) -> Iterator[Round]:
    """Play rounds until so many kills have hit; the password is rotated in every second one."""
    hit = 0
    play_round = controller_round if scenario == "controller" else stop_round
    for number, numbers in enumerate(wanted):
        if hit >= kills or time.monotonic() > until:
            return
        done = play_round(made.get(), kills_at(numbers[: kills - hit]), rotate=number % 2 == 0)
        hit += done.kills
        if done.problem:
            made.drop()
        yield done


def chains(passed: Counter[str], length: int) -> list[list[Stop]]:
    """Every point once, so many in one change: each of the runs after a stop is itself stopped further on."""
    every = [Stop(KINDS[number % len(KINDS)], point) for number, point in enumerate(passed)]
    apart = -(-len(every) // length)
    return [every[number::apart] for number in range(apart)]


def played(made: Worlds, wanted: Sequence[Case]) -> Iterator[Outcome]:
    """Play them, one after the other."""
    for case in wanted:
        outcome = play(made.get(), case)
        if outcome.problem:
            made.drop()
        yield outcome

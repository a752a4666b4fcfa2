"""Runs whole processes and measures them: wall clock, processor time and memory, children included; medians of rounds.

Not here: what is run (``works``), the table.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

LIMIT = 900.0
"""Seconds that one process may take."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One process: seconds of wall clock and of processor, mebibytes of resident memory at most."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a work: how to get ready (not measured), and the process that is measured."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    ready: Callable[[], object] = lambda: None
    expect: int = 0


@dataclass(slots=True)
class Medians:
    """All rounds of one side."""

    rounds: list[Measured] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Seconds."""
        return median(each.wall for each in self.rounds)

    @property
    def cpu(self) -> float:
        """Seconds of processor time."""
        return median(each.cpu for each in self.rounds)

    @property
    def memory(self) -> float:
        """Mebibytes."""
        return median(each.memory for each in self.rounds)


def once(side: Side) -> Measured:
    """Get ready, run, measure. Raises SystemExit with the output where the process does not do what it should."""
    side.ready()
    with (side.folder / ".bench-output").open("w+b") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            side.command, cwd=side.folder, env=dict(side.environment), stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != side.expect or wall > LIMIT:
            output.seek(0)
            text = output.read()[-3000:].decode("utf-8", "replace")
            sys.exit(f"{' '.join(side.command)[:300]}: exit code {process.returncode} after {wall:.0f} s\n{text}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def interleaved(sides: Mapping[str, Side], rounds: int, until: float, warm: bool = True) -> dict[str, Medians]:
    """Every side once per round, one after the other; no further round begins after ``until`` (monotonic seconds)."""
    found = {name: Medians() for name in sides}
    if warm:
        for side in sides.values():
            once(side)
    for number in range(rounds):
        if number and time.monotonic() > until:
            break
        for name, side in sides.items():
            found[name].rounds.append(once(side))
    return found

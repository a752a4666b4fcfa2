"""``python -m tests.failpoints``: the long form, the whole matrix and 2,000 random kills, with its table.

Not here: the cases (``cases``), which there are (``matrix``).
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from tests.failpoints.cases import KINDS, SCENARIOS, WORDS, Outcome, Round
from tests.failpoints.matrix import EACH, cases, golden, killed, played, points, rounds, worlds
from tests.failpoints.world import STOPS_WITHIN, State
from tests.postgresql import USER, PostgreSql


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be played: ``state`` sqlite or postgresql, by so many workers."""

    state: str
    workers: int
    kills: int
    seed: int
    until: float
    scenarios: tuple[str, ...]
    kinds: tuple[str, ...]


@contextmanager
def states(name: str) -> Iterator[Callable[[], State]]:
    """From a database's kind to what makes the record of each world; PostgreSQL is started for it and thrown away."""
    if name == "sqlite":
        yield State
        return
    with closing(PostgreSql()) as server:
        yield partial(_on, server)


def _on(server: PostgreSql) -> State:
    database = server.create()

    def forget() -> None:
        server.sql(database, "DROP SCHEMA public CASCADE", f"CREATE SCHEMA public AUTHORIZATION {USER}")

    return State(server.url(database), forget)


def _matrix(number: int, asked: Asked) -> list[Outcome]:
    with states(asked.state) as state, worlds(state) as made:
        every = [case for case in cases(points(made, asked.scenarios)) if case.kind in asked.kinds]
        wanted = every[number :: asked.workers]
        done = []
        for outcome in played(made, wanted):
            if time.monotonic() > asked.until:
                break
            done.append(outcome)
            if outcome.problem or not outcome.reached:
                _say(f"{'FAILED' if outcome.problem else 'not reached'}: {outcome.case}\n{outcome.problem}")
            if len(done) % 25 == 0:
                _say(f"matrix, worker {number + 1}: {len(done)} of {len(wanted)}")
        return done


def _kills(number: int, asked: Asked) -> list[Round]:
    with states(asked.state) as state, worlds(state) as made:
        passings = golden(made.get(), "apply").total()
        mine = -(-asked.kills // asked.workers)
        done = []
        for played_ in killed(made, rounds(passings, mine, asked.seed + number), mine, asked.until):
            done.append(played_)
            if played_.problem:
                _say(f"FAILED after {played_.kills} kills: {played_.problem}")
            if len(done) % 25 == 0:
                _say(f"kills, worker {number + 1}: {sum(one.kills for one in done)} of {mine}")
        return done


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _tell_matrix(done: list[Outcome], seconds: float) -> int:
    by: dict[str, dict[str, str]] = {}
    again: Counter[str] = Counter()
    for one in sorted(done, key=lambda one: (one.case.scenario, one.case.point)):
        name = f"{one.case.scenario}: {one.case.point}"
        word = "FAILED" if one.problem else "converged" if one.reached else "not met"
        by.setdefault(name, {})[one.case.kind] = word
        again[name] += one.again
    width = max(map(len, by), default=0)
    _say(f"{'failpoint':{width}}  {'  '.join(f'{WORDS[kind]:>9}' for kind in KINDS)}  sent again")
    for name, row in by.items():
        _say(f"{name:{width}}  {'  '.join(f'{row.get(kind, chr(45)):>9}' for kind in KINDS)}  {again[name]}")
    late = sum(one.seconds > STOPS_WITHIN for one in done)
    failed = sum(bool(one.problem) for one in done)
    _say(
        f"{len(by)} failpoints, {len(done)} cases: {len(done) - failed} converged, {failed} did not; "
        f"{sum(not one.reached for one in done)} not met; "
        f"restarts at most {max((one.restarts for one in done), default=0)}; "
        f"{again.total()} calls sent again, each a masked secret; from SIGTERM to the end at most "
        f"{max((one.seconds for one in done), default=0.0):.1f} s, {late} over {STOPS_WITHIN:.0f} s; {seconds:.0f} s"
    )
    return failed + late


def _tell_kills(done: list[Round], seconds: float) -> int:
    failed = sum(bool(one.problem) for one in done)
    _say(
        f"{sum(one.kills for one in done)} random kills in {len(done)} changes, up to {EACH} for each: "
        f"{len(done) - failed} converged, {failed} did not; {sum(one.again for one in done)} calls sent again, "
        f"each a masked secret; {seconds:.0f} s"
    )
    return failed


def main() -> int:
    """Play it; 1 where a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.failpoints", description=__doc__)
    parser.add_argument("--only", choices=["matrix", "kills"])
    parser.add_argument("--state", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), action="append")
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--minutes", type=float, default=240.0, help="Stop each part after so long.")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    given = parser.parse_args()
    bad = 0
    for state in given.state or ["sqlite", "postgresql"]:
        for what, work, tell in (("matrix", _matrix, _tell_matrix), ("kills", _kills, _tell_kills)):
            if given.only not in (None, what):
                continue
            _say(f"{what} over {state}")
            began = time.monotonic()
            until = began + given.minutes * 60
            scenarios = tuple(given.scenario or SCENARIOS)
            asked = Asked(state, given.workers, given.kills, given.seed, until, scenarios, tuple(given.kind or KINDS))
            with ProcessPoolExecutor(given.workers) as pool:
                shares = list(pool.map(partial(work, asked=asked), range(given.workers)))  # type: ignore[arg-type]
            bad += tell([one for share in shares for one in share], time.monotonic() - began)  # type: ignore[operator]
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())

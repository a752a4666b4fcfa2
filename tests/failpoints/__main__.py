"""``python -m tests.failpoints [--kills N] [--seed S] [--only matrix|kills]``: the long form, with its table.

Not here: the cases.
"""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.failpoints.cases import KINDS, WORDS, Outcome
from tests.failpoints.matrix import cases, kills, played, points, worlds


def _share(number: int, of: int, what: str, count: int, seed: int) -> list[Outcome]:
    with worlds() as made:
        found = points(made)
        wanted = cases(found) if what == "matrix" else list(kills(found, count, seed))
        done = []
        for outcome in played(made, wanted[number::of]):
            done.append(outcome)
            if outcome.problem or not outcome.reached:
                _say(f"{'FAILED' if outcome.problem else 'not reached'}: {outcome.case}\n{outcome.problem}")
            if len(done) % 50 == 0:
                _say(f"{what} {number + 1}/{of}: {len(done)} of {len(wanted[number::of])}")
        return done


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _table(done: list[Outcome]) -> None:
    by: dict[str, Counter[str]] = {}
    for one in done:
        row = by.setdefault(f"{one.case.scenario}: {one.case.point}", Counter())
        row[one.case.kind] += 1
        row["bad " + one.case.kind] += bool(one.problem) or not one.reached
        row["again"] += one.again
    width = max(map(len, by))
    _say(f"{'failpoint':{width}}  {'  '.join(f'{WORDS[kind]:>9}' for kind in KINDS)}  sent again")
    for name, row in by.items():
        shown = [("FAILED" if row["bad " + kind] else "converged") if row[kind] else "-" for kind in KINDS]
        _say(f"{name:{width}}  {'  '.join(f'{word:>9}' for word in shown)}  {row['again']}")


def main() -> int:
    """Play it; 1 where a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.failpoints")
    parser.add_argument("--only", choices=["matrix", "kills"])
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    given = parser.parse_args()
    bad = 0
    for what in ("matrix", "kills"):
        if given.only not in (None, what):
            continue
        began = time.monotonic()
        with ProcessPoolExecutor(given.workers) as pool:
            work = partial(_share, of=given.workers, what=what, count=given.kills, seed=given.seed)
            done = [one for share in pool.map(work, range(given.workers)) for one in share]
        if what == "matrix":
            _table(done)
        failed = sum(bool(one.problem) for one in done)
        missed = sum(not one.reached for one in done)
        again = sum(one.again for one in done)
        bad += failed + (missed if what == "matrix" else 0)
        _say(
            f"{what}: {len(done)} cases, {len(done) - failed} converged, {failed} did not; {missed} ended before their "
            f"point; {again} calls sent again (masked secrets), {time.monotonic() - began:.0f} s"
        )
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())

"""``make faults``: the long form of all faults, with one table at its end: some two and a half hours.

It may be stopped, and goes on where it was: what converged is kept in ``.faults/played.jsonl`` until a file of the
product or the tests changes. ``MINUTES=60`` begins no case after so long, ``FAULTS=quick`` plays a twentieth,
``SHARE=1/4`` a quarter, ``ANEW=1`` forgets what was kept. The exit code is 1 where a case failed or was left out.
Not here: the cases (``tests.failpoints``, and the tests that are marked ``faults``: ``marked``).
"""

import argparse
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import NoReturn

from tests.failpoints.cases import SCENARIOS
from tests.failpoints.kept import FILE, SESSION, Kept, code_now, opened
from tests.failpoints.parts import STATES, Asked, kills, matrix
from tests.failpoints.table import Row, shown
from tests.faults.marked import marked
from tests.postgresql import programs

KILLS = {("apply", "sqlite"): 2000, ("apply", "postgresql"): 300,
         ("controller", "sqlite"): 300, ("controller", "postgresql"): 300}  # fmt: skip
QUICK = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Play everything; 1 where a case failed or was left out, 130 where it was stopped."""
    given = _parser().parse_args(arguments)
    share = QUICK if given.quick else given.share
    kept = opened(FILE, code_now(), anew=given.anew)
    before = kept.of(SESSION)
    if before:
        _say(f"goes on: {_sum(kept)} converged in {len(before)} parts of earlier sessions; --anew plays them again")
    signal.signal(signal.SIGTERM, _stop)
    rows: list[Row] = []
    try:
        for name, play in _parts(given, share, kept, time.monotonic() + given.minutes * 60):
            found = _played(name, play, kept)
            rows += found
            _say(shown(found))
    except KeyboardInterrupt:
        _say(f"stopped. What converged is kept: {_sum(kept)}. The same command goes on there.")
        return 130
    _say(f"--- everything\n{shown(rows)}")
    if any(row.is_bad for row in rows):
        _say("The same command plays what is not whole; what converged is kept. SHARE=1/4 would play a part of it.")
    took = sum(line["seconds"] for line in kept.of(SESSION))
    _say(f"all sessions together took {took / 60:.0f} minutes")
    return int(any(row.is_bad for row in rows))


def _parts(
    given: argparse.Namespace, share: int, kept: Kept, until: float
) -> Iterator[tuple[str, Callable[[], list[Row]]]]:
    """Each part by its name."""

    def asked(state: str, scenarios: Sequence[str] = tuple(SCENARIOS)) -> Asked:
        return Asked(state, given.workers, given.seed, until, tuple(scenarios), share=share, kept=kept)

    for state in STATES:
        yield f"the matrix over {state}", lambda state=state: matrix(asked(state))  # type: ignore[misc]
    for (scenario, state), count in reversed(KILLS.items()):

        def play(scenario: str = scenario, state: str = state, count: int = count) -> list[Row]:
            return [kills(asked(state, [scenario]), scenario, count)]

        yield f"kills of {scenario} over {state}", play
    yield "tests that are marked `faults`", lambda: marked(share, until, kept)


def _played(name: str, play: Callable[[], list[Row]], kept: Kept) -> list[Row]:
    """Its rows; a part that cannot be played at all is a row too, and the next one is begun."""
    if name.endswith("postgresql") and programs() is None:
        return [Row(name, 1, 0, 0, note="PostgreSQL is not installed (Debian: apt-get install postgresql)")]
    began = time.monotonic()
    try:
        return play()
    except Exception as error:  # noqa: BLE001 - the others are still worth playing
        return [Row(name, 1, 1, 0, note=f"broke off: {type(error).__name__}: {str(error)[:2000]}")]
    finally:
        kept.add(SESSION, name=name, seconds=round(time.monotonic() - began, 1))


def _sum(kept: Kept) -> str:
    cases = sum(len(kept.of(f"matrix over {state}")) for state in STATES)
    stopped = sum(line["kills"] for scenario, state in KILLS for line in kept.of(f"kills of {scenario} over {state}"))
    return f"{cases} cases, {stopped} kills, {len(kept.of('marked'))} tests"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--share", type=_share, default=1, help="1/4: every fourth case.")
    parser.add_argument("--quick", action="store_true", help=f"As --share 1/{QUICK}.")
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--anew", action="store_true", help="Forget what was played before.")
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    return parser


def _share(text: str) -> int:
    found = re.fullmatch(r"(?:1/)?([1-9]\d*)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no share; 1/4 is one")
    return int(found[1])


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

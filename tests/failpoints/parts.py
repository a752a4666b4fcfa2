"""Parts of the long form: the matrix of one kind of record, or kills at random over it, by some processes side by side.

Not here: the cases (``cases``), which there are (``matrix``), the table (``table``).
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Final

from tests.failpoints.cases import KINDS, WORDS, Case, Outcome, Round
from tests.failpoints.kept import NOTHING, Kept
from tests.failpoints.matrix import EACH, cases, killed, played, points, rounds, worlds
from tests.failpoints.side_by_side import by_all
from tests.failpoints.table import Row
from tests.failpoints.world import STOPS_WITHIN, State
from tests.postgresql import USER, PostgreSql

STATES: Final = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be played over which ``state``, by so many workers, ``until`` when; every ``share``-th of it."""

    state: str
    workers: int
    seed: int
    until: float
    scenarios: tuple[str, ...]
    kinds: tuple[str, ...] = KINDS
    share: int = 1
    kept: Kept = NOTHING
    """What was played before and counts; what converges is added."""


@contextmanager
def states(name: str) -> Iterator[Callable[[], State]]:
    """From a database's kind to what makes the record of each world; PostgreSQL is started for it and thrown away."""
    if name == "sqlite":
        yield State
        return
    with closing(PostgreSql()) as server:
        yield partial(state_on, server)


def matrix(asked: Asked) -> list[Row]:
    """Every case; a row for each scenario."""
    began = time.monotonic()
    wanted = shared([case for case in _every(asked) if case.kind in asked.kinds], asked.share, asked.seed)
    known = {one.case: one for one in map(_outcome, asked.kept.of(_matrix_of(asked)))}
    left = [case for case in wanted if case not in known]
    _say(f"matrix over {asked.state}: {len(wanted)} cases, {len(left)} of them to be played")
    done = [known[case] for case in wanted if case in known]
    now: list[Outcome] = []
    if left and time.monotonic() < asked.until:
        now = [one for some in by_all(partial(_matrix, asked=asked, left=left), asked.workers) for one in some]
    done += now
    _tell_matrix(done)
    seconds = (time.monotonic() - began) / max(1, len(now))
    rows = []
    for scenario, count in Counter(case.scenario for case in wanted).items():
        mine = [one for one in done if one.case.scenario == scenario]
        well = sum(not one.problem for one in mine)
        missed = sum(not one.reached for one in mine)
        note = f"{len({one.case.point for one in mine})} failpoints"
        note += f"; {missed} not met, since the run had nothing to do there" if missed else ""
        took = seconds * sum(one.case.scenario == scenario for one in now)
        rows.append(Row(f"{scenario} over {asked.state}", count, len(mine), well, took, note))
    return rows


def kills(asked: Asked, scenario: str, count: int) -> Row:
    """So many kills at random of one scenario; ``converged`` counts the kills of changes that were finished."""
    began = time.monotonic()
    count = -(-count // asked.share)
    done = [Round(**line) for line in asked.kept.of(_kills_of(asked, scenario))]
    left, seed = count - sum(one.kills for one in done), asked.seed + 1000 * len(done)
    _say(f"{count} kills of {scenario} over {asked.state}, {max(0, left)} of them to be played")
    if left > 0 and time.monotonic() < asked.until:
        work = partial(_kills, asked=replace(asked, seed=seed), scenario=scenario, count=left)
        done += [one for some in by_all(work, asked.workers) for one in some]
    hit = sum(one.kills for one in done)
    well = sum(one.kills for one in done if not one.problem)
    again = sum(one.again for one in done)
    note = f"{len(done)} changes, up to {EACH} kills in each; {again} calls sent again, each a masked secret"
    failed = any(one.problem for one in done)
    count = max(count, hit)
    return Row(f"kills of {scenario} over {asked.state}", count, hit, well - failed, time.monotonic() - began, note)


def shared(every: Sequence[Case], share: int, seed: int) -> list[Case]:
    """One in so many, drawn by the seed: every point and every kind of fault may be among them."""
    drawn = random.Random(seed).sample(range(len(every)), -(-len(every) // share))
    return [every[number] for number in sorted(drawn)]


def state_on(server: PostgreSql) -> State:
    """A record in a database of its own."""
    database = server.create()

    def forget() -> None:
        server.sql(database, "DROP SCHEMA public CASCADE", f"CREATE SCHEMA public AUTHORIZATION {USER}")

    return State(server.url(database), forget)


def _every(asked: Asked) -> list[Case]:
    """All cases of some scenarios, found by runs to which nothing happens; these are kept as well."""
    part = f"cases of {' '.join(asked.scenarios)} over {asked.state}"
    known = [Case(**line) for line in asked.kept.of(part)]
    if not known:
        _say(f"looking for the failpoints over {asked.state}")
        known = by_all(partial(_found, asked=asked), 1)[0]
        for case in known:
            asked.kept.add(part, **asdict(case))
    return known


def _found(_number: int, asked: Asked) -> list[Case]:
    with states(asked.state) as state, worlds(state) as made:
        return cases(points(made, asked.scenarios))


def _matrix(number: int, asked: Asked, left: Sequence[Case]) -> list[Outcome]:
    mine = left[number :: asked.workers]
    with states(asked.state) as state, worlds(state) as made:
        done: list[Outcome] = []
        for outcome in played(made, mine):
            done.append(outcome)
            if not outcome.problem:
                asked.kept.add(_matrix_of(asked), **asdict(outcome))
            if outcome.problem or not outcome.reached:
                _say(f"{'FAILED' if outcome.problem else 'not reached'}: {outcome.case}\n{outcome.problem}")
            if len(done) % 25 == 0:
                _say(f"matrix, worker {number + 1}: {len(done)} of {len(mine)}")
            if time.monotonic() > asked.until:
                break
        return done


def _kills(number: int, asked: Asked, scenario: str, count: int) -> list[Round]:
    mine = count // asked.workers + (number < count % asked.workers)
    with states(asked.state) as state, worlds(state) as made:
        passings = made.golden(scenario).total()
        done = []
        for played_ in killed(made, rounds(passings, mine, asked.seed + number), mine, asked.until, scenario):
            done.append(played_)
            if played_.problem:
                _say(f"FAILED after {played_.kills} kills: {played_.problem}")
            else:
                asked.kept.add(_kills_of(asked, scenario), kills=played_.kills, again=played_.again)
            if len(done) % 25 == 0:
                _say(f"kills, worker {number + 1}: {sum(one.kills for one in done)} of {mine}")
        return done


def _matrix_of(asked: Asked) -> str:
    return f"matrix over {asked.state}"


def _kills_of(asked: Asked, scenario: str) -> str:
    return f"kills of {scenario} over {asked.state}"


def _outcome(line: dict[str, Any]) -> Outcome:
    return Outcome(**{**line, "case": Case(**line["case"])})


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _tell_matrix(done: list[Outcome]) -> None:
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
    _say(
        f"restarts at most {max((one.restarts for one in done), default=0)}; "
        f"{again.total()} calls sent again, each a masked secret; from SIGTERM to the end at most "
        f"{max((one.seconds for one in done), default=0.0):.1f} s, {late} over {STOPS_WITHIN:.0f} s"
    )

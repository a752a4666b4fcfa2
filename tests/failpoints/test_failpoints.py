"""The short form: the list of failpoints is complete, and each of the main way is played once.

The long form is ``python -m tests.failpoints``; how to add a failpoint stands in CONTRIBUTING.md.
"""

import ast
import math
from collections.abc import Iterator
from functools import partial

import pytest

from tests.failpoints import effects, exempt
from tests.failpoints.cases import SCENARIOS, Case, stop_round
from tests.failpoints.matrix import Worlds, chains, killed, played, rounds, worlds
from tests.failpoints.parts import state_on
from tests.postgresql import PostgreSql

ADD = "see `A new effect` in CONTRIBUTING.md"
SPARE = 4
"""Rounds beyond the kills that are wanted: a play may pass fewer points than the one that was counted, and miss its."""


@pytest.fixture(scope="module")
def made() -> Iterator[Worlds]:
    with worlds() as ready:
        yield ready


def test_every_method_of_every_port_is_known_to_reach_out_or_to_stay() -> None:
    known = effects.REACHING | effects.STAYING
    assert not effects.REACHING & effects.STAYING
    assert set(effects.port_methods()) == known, f"say in tests/failpoints/effects.py which it is; {ADD}"


def test_what_is_left_out_is_still_in_the_code() -> None:
    found = effects.sites()
    for module in exempt.MODULES:
        assert [s for s in found if s.module == module or s.module.startswith(f"{module}.")], f"{module}: not there"
    assert set(exempt.PLACES) <= {site.id for site in found}


@pytest.mark.parametrize(
    ("module", "code", "kind"),
    [
        ("reconcile.new", "def f(world):\n    world.record.append(entries, lease)", "port"),
        ("reconcile.new", "def f(world):\n    world.target.begin(step, secrets)", "port"),
        ("reconcile.new", "def f(found):\n    found.append(1)", ""),
        ("record.new", "def f(self):\n    with self._database.write() as connection:\n        pass", "sql"),
        ("record.new", "def f(path):\n    path.write_text('x')", "file"),
        ("record.new", "import os\ndef f(path):\n    os.replace(path, path)", "file"),
        ("record.new", "def f(path):\n    with path.open('wb') as file:\n        pass", "file"),
        ("record.new", "def f(path):\n    with path.open('rb') as file:\n        pass", ""),
        ("source.new", "def f(text):\n    return text.replace('a', 'b')", ""),
        ("host.new", "def f(client):\n    client.post('/')", "http"),
        ("git.new", "import subprocess\ndef f():\n    subprocess.run(['git'])", "process"),
        ("git.new", "import subprocess as sub\ndef f():\n    sub.call(['git'])", "process"),
        ("git.new", "from subprocess import run as do\ndef f():\n    do(['git'])", "process"),
        ("record.new", "from os import replace\ndef f(path):\n    replace(path, path)", "file"),
        ("record.new", "from os import getpid\ndef f():\n    return getpid()", ""),
        ("record.new", "from dataclasses import replace\ndef f(found):\n    return replace(found, a=1)", ""),
        ("record.new", "import os\ndef f(path):\n    os.truncate(path, 0)", "file"),
    ],
)
def test_an_effect_is_found_where_it_is_written_and_only_there(module: str, code: str, kind: str) -> None:
    path = effects.PRODUCT / (module.replace(".", "/") + ".py")
    assert [site.kind for _, site in effects.sites_of(path, ast.parse(code))] == ([kind] if kind else [])


@pytest.mark.slow
def test_every_effect_in_the_code_is_passed_by_a_scenario_or_left_out_for_a_reason(made: Worlds) -> None:
    passed = {exempt.where(point) for scenario in SCENARIOS for point in made.golden(scenario)}
    new = [site.id for site in effects.sites() if site.id not in passed and not exempt.why(site)]
    assert not new, f"effects without a failpoint, {ADD}: {new}"
    needless = [s.id for s in effects.sites() if s.id in passed - exempt.SOMETIMES and exempt.why(s)]
    assert not needless, f"a scenario passes them now: take them out of tests/failpoints/exempt.py: {needless}"
    assert len(passed) >= 60


@pytest.mark.slow
@pytest.mark.parametrize("half", range(2))
def test_apply_that_is_stopped_at_every_point_converges_and_sends_nothing_twice(made: Worlds, half: int) -> None:
    """Four of them in one change; one that no run came to any more, since a fault before it let it end, by itself."""
    mine = chains(made.golden("apply"), 4)[half::2]
    done = [stop_round(made.get(), stops, rotate=number % 3 == 0) for number, stops in enumerate(mine)]
    assert [one.problem for one in done if one.problem] == []
    missed = [stop for one in done for stop in one.missed if not exempt.is_sometimes(stop.point)]
    alone = [Case("apply", stop.point, stop.kind) for stop in missed]
    assert [one for one in played(made, alone) if one.problem or not one.reached] == []


@pytest.mark.slow
def test_the_run_after_a_kill_and_every_smaller_way_may_be_stopped_too(made: Worlds) -> None:
    wanted = [
        Case("recover", "after reconcile.settle:settle world.record.append [settled]", "kill", rotate=True),
        Case("recover", "before reconcile.settle:settle world.record.append [settled]", "break"),
        Case("rotate-key", "after record.sql:SqlRecord.rekey database.write", "kill"),
        Case("rotate-key", "before record.key_file:KeyFile.adopt next.replace", "full"),
        Case("decide", "before reconcile.deciding:Desk._kept record.append [decision]", "stop"),
        Case("first", "after record.placing:place path.hardlink_to", "kill"),
        Case("send-test", "after reconcile.send_test:send_test probe.send", "kill"),
        Case("controller", "after target.odc.transport:Transport.send connection.handle_request [POST]", "kill"),
        Case("controller", "before git.by_gitpython:ran Git(at).execute [fetch]", "kill"),
    ]
    assert [one for one in played(made, wanted) if one.problem or not one.reached] == []


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "kills"), [("apply", 15), ("controller", 4)])
def test_kills_at_random_one_after_the_other_lose_nothing(made: Worlds, scenario: str, kills: int) -> None:
    passings = made.golden(scenario).total()
    done = list(killed(made, rounds(passings, kills + SPARE, 7), kills, math.inf, scenario))
    assert [one.problem for one in done if one.problem] == []
    assert sum(one.kills for one in done) == kills


@pytest.mark.slow
def test_kills_at_random_over_postgresql_lose_nothing(made: Worlds, postgresql: PostgreSql) -> None:
    there = Worlds(made.launcher, partial(state_on, postgresql))
    try:
        for scenario, kills in (("apply", 5), ("controller", 2)):
            passings = there.golden(scenario).total()
            done = list(killed(there, rounds(passings, kills + SPARE, 11), kills, math.inf, scenario))
            assert [one.problem for one in done if one.problem] == []
            assert sum(one.kills for one in done) == kills
    finally:
        there.drop()

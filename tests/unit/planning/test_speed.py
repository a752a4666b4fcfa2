"""Planning costs in proportion to what there is: five times the apps are five times the work."""

from collections.abc import Callable
from cProfile import Profile

import pytest
from tests.unit.planning.stage import BASIC, LIST, REAL, SERVER, Stage, app, binding, waive

from stagemail.model.snapshot import Binding
from stagemail.planning import plan_stage


def by_exact_names(count: int) -> Stage:
    names = [f"App-{n:05}" for n in range(count)]
    return _stage(names, tuple(binding(name, name=f"b-{name.lower()}") for name in names))


def by_patterns(count: int) -> Stage:
    names = [f"App-{n:05}" for n in range(count)]
    return _stage(names, tuple(binding(f"{name}*", name=f"b-{name.lower()}") for name in names))


def with_a_waiver_each(count: int) -> Stage:
    stage = by_exact_names(count)
    names = [found.name for found in stage.apps]
    stage.app_has = stage.app_known = dict.fromkeys(names, LIST)
    stage.binds = (binding(*names, fields=REAL, excluded=tuple(f"{name}-x" for name in names)),)
    stage.waivers = tuple(waive("recipients-widened", "set-in-app", name, name=f"w-{name.lower()}") for name in names)
    return stage


def with_nobody_bound(count: int) -> Stage:
    stage = by_exact_names(count)
    stage.binds = ()
    stage.waivers = tuple(waive("uncovered-app", found.name, name=found.name.lower()) for found in stage.apps)
    return stage


def _stage(names: list[str], binds: tuple[Binding, ...]) -> Stage:
    has = {**SERVER, **REAL}
    return Stage(
        want={**SERVER, **BASIC, **LIST},
        has={**SERVER, "server.port": 25},
        binds=binds,
        apps=tuple(map(app, names)),
        app_has=dict.fromkeys(names, has),
    )


def calls(stage: Stage) -> int:
    """How many functions planning calls: the same on every machine, however busy."""
    situation = stage.situation()
    profile = Profile()
    profile.runcall(plan_stage, situation)
    return int(sum(entry.callcount for entry in profile.getstats()))  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [by_exact_names, by_patterns, with_a_waiver_each, with_nobody_bound])
def test_five_times_the_apps_cost_five_times_the_work(make: Callable[[int], Stage]) -> None:
    few, many = calls(make(200)), calls(make(1000))
    assert many < 5.5 * few, (few, many)

"""What a run costs in durable appends and looks at the lease: counted, so that it stays so."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from tests.unit.reconcile.conftest import House

from stagemail.model.inventory import App
from stagemail.model.run import Run
from stagemail.reconcile.apply import LARGEST_PIECE
from stagemail.reconcile.once import once


def appends(house: House, apps: int, seconds: float = 0.0) -> tuple[int, Run]:
    """How many appends a first run over so many more apps makes; each activation takes so many seconds."""
    for number in range(apps):
        name = f"App{number:03}"
        house.apps[name] = house.target.add_app("qa", App(name, f"app-{number:03}", "WebApplication", 1))
        house.bindings[name] = {}
    count = 0
    append, begin = house.record.append, house.target.begin

    def counted(entries: Any, lease: Any) -> None:
        nonlocal count
        count += 1
        append(entries, lease)

    def checked(step: Any, secrets: Any) -> Any:
        opened = {intent.id for intent in house.record.open_intents("qa")}
        assert any(intent.endswith(f"/{step.id}") for intent in opened), "sent before its intent was on disk"
        house.clock.elapsed += seconds
        return begin(step, secrets)

    house.record.append = counted  # type: ignore[method-assign]
    house.target.begin = checked  # type: ignore[method-assign]
    run = once(house.request(), house.world())
    assert run.status == "done"
    return count, run


def test_appends_are_per_piece_of_the_work_and_not_per_app(make_house: Callable[..., House]) -> None:
    few, _ = appends(make_house(), 3)
    many, run = appends(make_house(), 131)
    assert many - few <= 128 / LARGEST_PIECE * 4  # pieces begin small; each opens and closes writes and activations
    assert run.live == 134


def test_a_first_run_reads_what_was_applied_to_its_own_stage_only(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, asked, applied = house.request(), set(), house.record.applied
    others = {f"other-{number}": replace(request.loaded.stages["qa"], stage=f"other-{number}") for number in range(9)}
    loaded = replace(request.loaded, stages={**request.loaded.stages, **others})
    monkeypatch.setattr(house.record, "applied", lambda stage: (asked.add(stage), applied(stage))[1])
    assert once(replace(request, loaded=loaded), house.world()).status == "done"
    assert asked == {"qa"}


def test_names_of_operations_that_come_slowly_are_written_one_by_one(make_house: Callable[..., House]) -> None:
    quick, _ = appends(make_house(), 5)
    slow, run = appends(make_house(), 5, seconds=2.0)
    activated = sum(outcome.action == "activate" for outcome in run.outcomes)
    assert slow >= quick + activated - 2


def test_the_fence_is_looked_at_before_every_write(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    renew, begin = house.record.renew, house.target.begin
    monkeypatch.setattr(house.record, "renew", lambda *a: (told.append("fence"), renew(*a))[1])
    monkeypatch.setattr(house.target, "begin", lambda *a: (told.append("write"), begin(*a))[1])
    once(house.request(), house.world())
    assert "write" in told
    assert all(before == "fence" for before, now in pairwise(told) if now == "write")

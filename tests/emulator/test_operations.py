"""Deployment operations, rate limits and emulated time."""

import time
from collections.abc import Callable
from datetime import datetime

import pytest
from tests.emulator.conftest import OPERATIONS, Api

from odc_emulator.clock import EmulatedClock
from odc_emulator.profiles import PROFILES
from odc_emulator.server import EmulatorServer
from odc_emulator.world import derived_key

Start, Connect = Callable[..., EmulatorServer], Callable[..., Api]


def test_an_operation_runs_and_finishes_after_twenty_emulated_seconds(api: Api) -> None:
    created = api.operate("ApplyConfigs", "QA", "CRM", 11)
    assert created.status_code == 201
    path = f"{OPERATIONS}/{created.json()['key']}"
    assert created.json()["status"] == "Running"
    assert "finishedDateTime" not in created.json()
    api.emulator.control.advance(15)
    assert api.http.get(path).json()["status"] == "Running"
    api.emulator.control.advance(6)
    finished = api.http.get(path).json()
    assert (finished["status"], finished["assetName"], finished["revisions"]) == ("Finished", "CRM", [11])
    times = [datetime.fromisoformat(finished[f"{name}DateTime"]) for name in ("started", "finished")]
    assert (times[1] - times[0]).total_seconds() == pytest.approx(20, abs=0.01)
    log = api.http.get(f"{path}/messages").json()
    assert [m["severity"] for m in log["results"]] == ["Info", "Info"]
    assert log["page"] == {"count": 2, "limit": 100, "offset": "0", "nextPageOffset": None}


@pytest.mark.parametrize(
    ("kind", "app", "revision", "status"),
    [
        ("ApplyConfigs", "CRM", None, 400),
        ("ApplyConfigs", "CRM", 10, 400),
        ("ApplyConfigs", "Nothing", 1, 404),
        ("Deploy", "CRM", 99, 400),
        ("Nonsense", "CRM", 11, 400),
        ("Undeploy", "CRM", None, 201),
        ("Deploy", "CRM", 12, 201),
    ],
)
def test_an_operation_needs_the_right_revision(
    api: Api, kind: str, app: str, revision: int | None, status: int
) -> None:
    assert api.operate(kind, "QA", app, revision).status_code == status


def test_undeploy_and_deploy_take_effect_when_they_finish(api: Api) -> None:
    api.operate("Undeploy", "QA", "CRM")
    assert api.revision("QA", "CRM") == 11
    api.emulator.control.advance(21)
    assert api.http.get(api.app_path("QA", "CRM", "deployed")).status_code == 404
    assert api.operate("ApplyConfigs", "QA", "CRM", 11).status_code == 400
    api.operate("Deploy", "QA", "CRM", 12)
    api.emulator.control.advance(21)
    assert api.revision("QA", "CRM") == 12


def test_an_apply_whose_app_was_undeployed_meanwhile_finishes_with_error(api: Api) -> None:
    key = api.operate("ApplyConfigs", "QA", "CRM", 11).json()["key"]
    api.emulator.control.undeploy("QA", "CRM")
    api.emulator.control.advance(21)
    assert api.http.get(f"{OPERATIONS}/{key}").json()["status"] == "FinishedWithError"


def test_an_operation_is_found_again_by_what_it_was_for(api: Api) -> None:
    key = api.operate("ApplyConfigs", "QA", "CRM", 11).json()["key"]
    api.operate("ApplyConfigs", "QA", "Billing", 7)
    api.emulator.control.deploy("QA", "CRM")
    query = {"operations": "ApplyConfigs", "environmentKey": derived_key("stage", "QA")}
    query |= {"assetKey": derived_key("app", "CRM")}
    assert [o["key"] for o in api.http.get(OPERATIONS, params=query).json()["results"]] == [key]
    assert len(api.http.get(OPERATIONS, params={"status": "Running"}).json()["results"]) == 2
    assert len(api.http.get(OPERATIONS, params={"operations": "Deploy"}).json()["results"]) == 1
    future = api.http.get(OPERATIONS, params={"createdDateSince": "2999-01-01T00:00:00Z"}).json()
    assert future["results"] == []
    for bad in ({"assetKey": "x"}, {"status": "x"}, {"operations": "x"}, {"createdDateSince": "x"}):
        assert api.http.get(OPERATIONS, params=bad).status_code == 400
    assert api.http.get(f"{OPERATIONS}/nonsense").status_code == 400
    assert api.http.get(f"{OPERATIONS}/{derived_key('no')}").status_code == 404


@pytest.mark.parametrize("profile", PROFILES)
def test_a_hundred_requests_a_minute_per_domain_and_no_more(start: Start, connect: Connect, profile: str) -> None:
    api = connect(start(profile, limits=True))
    path = api.stage_path("QA")
    assert {api.http.get(path).status_code for _ in range(100)} == {200}
    refused = api.http.get(path)
    assert refused.status_code == 429
    assert refused.json()["status"] == 429
    assert ("retry-after" in refused.headers) is PROFILES[profile].retry_after
    if PROFILES[profile].retry_after:
        assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert api.http.get("/api/portfolios/v2/environments").status_code == 200
    api.emulator.control.advance(61)
    assert api.http.get(path).status_code == 200
    assert api.emulator.control.refused() == {"asset-configurations": 1}


def test_ten_posts_of_operations_a_minute_and_no_more(start: Start, connect: Connect) -> None:
    api = connect(start(limits=True))
    assert {api.operate("ApplyConfigs", "QA", "CRM", 11).status_code for _ in range(10)} == {201}
    assert api.operate("ApplyConfigs", "QA", "CRM", 11).status_code == 429
    assert api.http.get(OPERATIONS).status_code == 200
    api.emulator.control.advance(61)
    assert api.operate("ApplyConfigs", "QA", "CRM", 11).status_code == 201


def test_the_limit_is_the_organization_s_not_the_client_s(start: Start, connect: Connect) -> None:
    emulator = start(limits=True)
    first, second = connect(emulator), connect(emulator, "viewer")
    for _ in range(100):
        first.http.get("/api/portfolios/v2/environments")
    assert second.http.get("/api/portfolios/v2/environments").status_code == 429


def test_the_clock_runs_at_its_speed_and_goes_on_after_a_restart() -> None:
    wall = [1000.0]
    clock = EmulatedClock(60.0, start=0.0, wall=lambda: wall[0])
    wall[0] += 2
    assert clock.now() == 120.0
    assert clock.advance(30) == 150.0
    saved = clock.saved()
    wall[0] += 1
    assert EmulatedClock.resumed(saved, 10.0, wall=lambda: wall[0]).now() == 210.0
    with pytest.raises(ValueError, match="never runs backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="not positive"):
        EmulatedClock(0)


def test_at_high_speed_an_operation_finishes_by_itself(start: Start, connect: Connect) -> None:
    api = connect(start(speed=1000.0))
    key = api.operate("ApplyConfigs", "QA", "CRM", 11).json()["key"]
    for _ in range(1000):
        if api.http.get(f"{OPERATIONS}/{key}").json()["status"] == "Finished":
            return
    pytest.fail("twenty emulated seconds did not pass in a thousand requests at 1000 times the speed")


def test_an_answer_does_not_wait_for_the_client_s_acknowledgement(api: Api) -> None:
    """With Nagle's algorithm on, each answer takes 40 ms at least: 50 of them 2 s, however often they are asked for."""

    def asked() -> float:
        begun = time.monotonic()
        for _ in range(50):
            api.http.get("/api/portfolios/v2/portfolios")
        return time.monotonic() - begun

    assert any(asked() < 1.5 for _ in range(20)), "a busy machine is slow at times, not each time"

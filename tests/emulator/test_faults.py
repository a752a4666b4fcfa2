"""Faults on demand: what the client sees and what became of the write."""

import json
import time
from collections.abc import Callable, Iterator

import httpx2
import pytest
from tests.emulator.conftest import OPERATIONS, Api

from odc_emulator.client import ControlError
from odc_emulator.faults import KINDS
from odc_emulator.server import EmulatorServer


class Unjudged(Api):
    """A client whose answers are meant to be wrong."""

    def __init__(self, emulator: EmulatorServer) -> None:
        super().__init__(emulator)
        self.http.event_hooks = {"request": [], "response": []}


@pytest.fixture
def api(start: Callable[..., EmulatorServer]) -> Iterator[Unjudged]:
    client = Unjudged(start())
    yield client
    client.http.close()


def _stored(api: Api) -> bool:
    api.emulator.control.clear_faults()
    return api.stage_entry("QA", "host")["value"] == "smtp.example.com"


def _row(api: Api) -> tuple[object, str, str]:
    row = api.emulator.control.ledger()[-1]
    return row["status"], row["effect"], row["fault"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_ordered_status_changes_nothing(api: Api, status: int) -> None:
    api.emulator.control.fault("status", method="PATCH", status=status)
    answer = api.patch_stage("QA", host="smtp.example.com")
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert not _stored(api)
    assert _row(api) == (status, "none", "status")


@pytest.mark.parametrize(("kind", "applied"), [("drop-before", False), ("drop-after", True)])
def test_a_dropped_connection_before_or_after_applying(api: Api, kind: str, applied: bool) -> None:
    api.emulator.control.fault(kind, path="default-system-configurations")
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        api.patch_stage("QA", host="smtp.example.com")
    assert _stored(api) is applied
    assert _row(api) == (None, "stored" if applied else "none", kind)


def test_truncated_json_is_no_json(api: Api) -> None:
    api.emulator.control.fault("truncated-json", path="environments$")
    answer = api.http.get("/api/portfolios/v2/environments")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert api.http.get("/api/portfolios/v2/environments").json()["results"]


@pytest.mark.parametrize(("status", "applied"), [(200, True), (502, False)])
def test_a_page_instead_of_an_answer(api: Api, status: int, applied: bool) -> None:
    api.emulator.control.fault("html", method="PATCH", status=status)
    answer = api.patch_stage("QA", host="smtp.example.com")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert _stored(api) is applied


def test_an_empty_body(api: Api) -> None:
    api.emulator.control.fault("empty-body", method="POST")
    answer = api.operate("ApplyConfigs", "QA", "CRM", 11)
    assert (answer.status_code, answer.content) == (201, b"")
    assert len(api.http.get(OPERATIONS).json()["results"]) == 1


def test_a_delay_is_wall_time(api: Api) -> None:
    api.emulator.control.fault("delay", seconds=0.3)
    begun = time.monotonic()
    assert api.http.get("/api/portfolios/v2/environments").status_code == 200
    assert time.monotonic() - begun >= 0.3
    api.emulator.control.fault("delay", seconds=2.0)
    with pytest.raises(httpx2.ReadTimeout):
        api.http.get("/api/portfolios/v2/environments", timeout=0.1)
    assert api.http.get("/api/portfolios/v2/environments").status_code == 200


def test_an_operation_that_fails_says_why_and_applies_nothing(api: Api) -> None:
    api.patch_stage("QA", port="2525")
    api.emulator.control.fault("apply-error", message="The container did not start.")
    key = api.operate("ApplyConfigs", "QA", "CRM", 11).json()["key"]
    api.emulator.control.advance(21)
    assert api.http.get(f"{OPERATIONS}/{key}").json()["status"] == "FinishedWithError"
    messages = api.http.get(f"{OPERATIONS}/{key}/messages").json()["results"]
    assert (messages[-1]["severity"], messages[-1]["message"]) == ("Error", "The container did not start.")
    assert api.emulator.control.pending("QA", "CRM") == ["port"]


def test_an_operation_that_hangs_stays_running(api: Api) -> None:
    api.emulator.control.fault("apply-hang", method="POST")
    key = api.operate("ApplyConfigs", "QA", "CRM", 11).json()["key"]
    api.emulator.control.advance(86_400 / 4)
    assert api.http.get(f"{OPERATIONS}/{key}").json()["status"] == "Running"


def test_a_partial_page_counts_what_it_does_not_list(api: Api) -> None:
    api.emulator.control.fault("partial-page", path="deployed-assets")
    document = api.http.get("/api/portfolios/v2/deployed-assets").json()
    assert len(document["results"]) == 3
    assert document["page"]["totalResults"] == 7


@pytest.mark.parametrize(
    ("kind", "options", "value"), [("not-stored", {}, None), ("third-value", {"value": "9.example"}, "9.example")]
)
def test_an_accepted_patch_reads_back_as_something_else(
    api: Api, kind: str, options: dict[str, str], value: str | None
) -> None:
    api.emulator.control.fault(kind, method="PATCH", **options)
    assert api.patch_stage("QA", host="smtp.example.com").status_code == 204
    assert api.stage_entry("QA", "host")["value"] == value


def test_faults_hit_the_calls_they_were_ordered_for(api: Api) -> None:
    control = api.emulator.control
    control.fault("status", method="GET", path="/environments$", after=1, times=2)
    statuses = [api.http.get("/api/portfolios/v2/environments").status_code for _ in range(5)]
    assert statuses == [200, 500, 500, 200, 200]
    (listed,) = control.faults()
    assert (listed["seen"], listed["hits"]) == (5, 2)
    control.clear_faults()
    assert control.faults() == []


def test_the_token_endpoint_can_fail_too(api: Api) -> None:
    api.emulator.control.fault("status", path="token$", status=503)
    endpoint = api.http.get("/identity/.well-known/openid-configuration").json()["token_endpoint"]
    assert api.http.post(endpoint, data={}).status_code == 503


def test_an_unknown_fault_is_refused_with_the_known_ones(api: Api) -> None:
    with pytest.raises(ControlError, match="drop-after") as refused:
        api.emulator.control.fault("earthquake")
    assert all(kind in str(refused.value) for kind in KINDS)

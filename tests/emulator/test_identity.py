"""Tokens, clients and permissions."""

from collections.abc import Callable

import httpx2
import pytest
from tests.emulator.conftest import Api

from odc_emulator.identity import DISCOVERY_PATH
from odc_emulator.server import EmulatorServer

Start, Connect = Callable[..., EmulatorServer], Callable[..., Api]
ENVIRONMENTS = "/api/portfolios/v2/environments"


def test_the_token_endpoint_lives_on_another_path_than_discovery(api: Api) -> None:
    endpoint = api.http.get(DISCOVERY_PATH).json()["token_endpoint"]
    assert endpoint.startswith(api.emulator.url)
    assert "/identity/" not in endpoint
    assert api.token_answer.json() | {"access_token": "x"} == {
        "access_token": "x",
        "expires_in": 43200,
        "token_type": "Bearer",
    }


@pytest.mark.parametrize(
    ("client", "secret"),
    [
        ("stagemail-ci", "wrong"),
        ("nobody", "emulator-secret"),
        ("suspended", "emulator-secret"),
        ("expired", "emulator-secret"),
    ],
)
def test_a_client_that_is_not_good_gets_invalid_client(
    start: Start, connect: Connect, client: str, secret: str
) -> None:
    api = connect(start(), client, secret=secret)
    assert api.token_answer.status_code == 401
    assert api.token_answer.json()["error"] == "invalid_client"


def test_another_grant_type_is_refused(api: Api) -> None:
    endpoint = api.http.get(DISCOVERY_PATH).json()["token_endpoint"]
    answer = api.http.post(endpoint, data={"grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    assert api.http.get(endpoint).status_code == 405


def test_a_token_dies_after_twelve_hours_of_emulated_time(api: Api) -> None:
    api.emulator.control.advance(43_100)
    assert api.http.get(ENVIRONMENTS).status_code == 200
    api.emulator.control.advance(100)
    refused = api.http.get(ENVIRONMENTS)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/json"
    assert refused.json()["errorCode"].startswith("EMULATOR-")


def test_a_suspended_client_s_tokens_die_at_once_and_live_again_when_it_is_resumed(api: Api) -> None:
    control = api.emulator.control
    control.portal("change-client", client="stagemail-ci", state="suspended")
    assert api.http.get(ENVIRONMENTS).status_code == 401
    control.portal("change-client", client="stagemail-ci", state="available")
    assert api.http.get(ENVIRONMENTS).status_code == 200


def test_a_new_secret_stops_the_old_one_at_once(api: Api, connect: Connect) -> None:
    api.emulator.control.portal("change-client", client="stagemail-ci", secret="fresh")
    assert connect(api.emulator).token_answer.status_code == 401
    assert connect(api.emulator, secret="fresh").token_answer.status_code == 200


def test_a_secret_expires_in_emulated_time(api: Api, connect: Connect) -> None:
    api.emulator.control.portal("change-client", client="stagemail-ci", secret_lifetime=90 * 86_400)
    api.emulator.control.advance(90 * 86_400 + 1)
    assert connect(api.emulator).token_answer.status_code == 401


def test_an_invisible_stage_is_absent_from_lists_and_not_found(start: Start, connect: Connect) -> None:
    api = connect(start(), "no-qa")
    assert [s["name"] for s in api.http.get(ENVIRONMENTS).json()["results"]] == ["Development", "Production"]
    assert api.http.get(api.stage_path("QA")).status_code == 404
    assert api.http.patch(api.stage_path("QA"), json={"systemConfigurations": []}).status_code == 404
    assert api.operate("ApplyConfigs", "QA", "CRM", 11).status_code == 404
    assets = api.http.get("/api/portfolios/v2/deployed-assets").json()["results"]
    assert {len(a["deployments"]) for a in assets if a["deployments"][0]["name"] == "CRM"} == {2}


def test_each_permission_is_needed_for_its_own(start: Start, connect: Connect) -> None:
    emulator = start()
    viewer = connect(emulator, "viewer")
    assert viewer.http.get(viewer.stage_path("QA")).status_code == 200
    assert viewer.patch_stage("QA", maxUploadSize="40").status_code == 403
    assert viewer.patch_app("QA", "CRM", testListActive="True").status_code == 403
    assert viewer.operate("ApplyConfigs", "QA", "CRM", 11).status_code == 403
    editor = connect(emulator, "no-email")
    assert editor.patch_stage("QA", maxUploadSize="40").status_code == 204
    refused = editor.patch_stage("QA", maxUploadSize="50", port="25")
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/json"
    assert "Manage Email SMTP configuration" in refused.json()["detail"]
    assert editor.stage_entry("QA", "maxUploadSize")["value"] == "40"
    emulator.control.portal("change-client", client="viewer", stage="QA", permissions=["View stage"])
    assert viewer.http.get(viewer.stage_path("QA")).status_code == 403
    assert viewer.http.get(viewer.app_path("QA", "CRM", "deployed")).status_code == 403
    nobody = connect(emulator, "smtp-mailer", secret="mailer-secret")
    assert nobody.http.get("/api/portfolios/v2/portfolios").status_code == 403
    assert nobody.http.get("/api/portfolios/v2/deployed-assets").status_code == 403


def test_no_token_and_a_nonsense_token_are_unauthorized(api: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eA=="}):
        answer = httpx2.get(f"{api.emulator.url}{ENVIRONMENTS}", headers=headers, trust_env=False)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")

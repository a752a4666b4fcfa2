"""The ledger as the oracle, and people at the portal."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.emulator.conftest import Api

from odc_emulator.client import ControlError
from odc_emulator.ledger import secret_digest
from odc_emulator.server import EmulatorServer
from odc_emulator.world import derived_key

Start, Connect = Callable[..., EmulatorServer], Callable[..., Api]


def test_the_ledger_names_fields_and_never_a_secret(api: Api) -> None:
    api.patch_stage("QA", host="smtp.example.com", password="canary-1")
    entries = [{"key": "nonsense", "value": "canary-2"}, {"key": api.key("QA", "testList"), "value": "a@example.com"}]
    api.http.patch(api.app_path("QA", "CRM"), json={"systemConfigurations": entries})
    api.operate("ApplyConfigs", "QA", "CRM", 11)
    first, second, third = api.emulator.control.ledger()
    assert "canary" not in json.dumps([first, second, third])
    assert (first["client"], first["method"], first["stage"], first["app"]) == ("stagemail-ci", "PATCH", "QA", None)
    assert (first["status"], first["effect"]) == (204, "stored")
    host, password = first["values"]
    assert (host["field"], host["value"]) == ("host", "smtp.example.com")
    salt = api.emulator._platform.world.salt
    assert (password["field"], password["length"]) == ("password", 8)
    assert password["digest"] == secret_digest(salt, "canary-1")
    assert [v["field"] for v in second["values"]] == [None, "testList"]
    assert (second["app"], second["values"][0]["section"]) == ("CRM", "systemConfigurations")
    assert (third["operation"], third["revision"], third["stage"], third["app"]) == ("ApplyConfigs", 11, "QA", "CRM")
    assert third["effect"].startswith("operation ")
    assert [row["number"] for row in api.emulator.control.ledger(since=first["number"])] == [2, 3]


def test_the_ledger_holds_refused_writes_and_counts_reads(start: Start, connect: Connect) -> None:
    emulator = start()
    viewer = connect(emulator, "viewer")
    viewer.patch_stage("QA", host="x.example")
    viewer.http.get(viewer.stage_path("QA"))
    (row,) = emulator.control.ledger()
    assert (row["client"], row["status"], row["effect"]) == ("viewer", 403, "none")
    assert emulator.control.reads() == {"identity": 2, "asset-configurations": 1}


def test_settings_timers_integrations_and_libraries_are_in_the_ledger(api: Api) -> None:
    document = api.http.get(api.app_path("QA", "CRM", "deployed")).json()
    library, timer = document["libraries"][0], document["timers"][0]
    body = {
        "settings": [{"key": document["settings"][1]["key"], "value": "canary"}],
        "timers": [{"key": timer["key"], "configs": [{"key": timer["configs"][0]["key"], "value": "0 5 * * *"}]}],
        "libraries": [{"key": library["key"], "settings": [{"key": library["settings"][0]["key"], "value": "#00c"}]}],
    }
    assert api.http.patch(api.app_path("QA", "CRM"), json=body).status_code == 204
    (row,) = api.emulator.control.ledger()
    assert [v["field"] for v in row["values"]] == [
        "settings/ApiKey",
        "timers/NightlyCleanup/Schedule",
        "libraries/Theme/BrandColor",
    ]
    assert "canary" not in json.dumps(row)
    assert len(api.emulator.control.pending("QA", "CRM")) == 3


def test_people_rename_reorder_and_swap_stages(api: Api) -> None:
    control = api.emulator.control
    control.portal("rename-stage", stage="QA", name="Test")
    control.portal("change-stage", stage="Production", order=5, purpose="null")
    control.portal("swap-names", stage="Development", other="Production")
    stages = api.http.get("/api/portfolios/v2/environments").json()["results"]
    key = {name: derived_key("stage", name) for name in ("Development", "QA", "Production")}
    assert [(s["key"], s["name"], s["order"], s["purpose"]) for s in stages] == [
        (key["Development"], "Production", 0, "Development"),
        (key["Production"], "Development", 5, None),
        (key["QA"], "Test", 1000, "NonProduction"),
    ]
    control.portal("change-stage", stage="Test", status="Hibernated")
    assert api.http.get("/api/portfolios/v2/environments").json()["results"][2]["status"] == "Hibernated"


def test_people_deploy_new_apps_and_take_old_ones_away(api: Api) -> None:
    control = api.emulator.control
    made = control.deploy("QA", "Brand New")
    assert made == {"stage": "QA", "app": "Brand New", "key": derived_key("app", "Brand New"), "revision": 1}
    assert api.revision("QA", "Brand New") == 1
    assert control.deploy("QA", "CRM", revision=40)["revision"] == 40
    control.undeploy("QA", "Billing")
    assert "Billing" not in control.show("QA")["apps"]
    control.portal("rename-app", app="CRM", name="CRM 2")
    assert control.show("QA", "CRM 2")["revision"] == 40


def test_people_rename_add_and_remove_entries(api: Api) -> None:
    control = api.emulator.control
    control.portal("change-entry", stage="QA", field="host", name="Outgoing server", key="K1", data_type="PhoneNumber")
    entry = api.stage_entry("QA", "host")
    assert (entry["key"], entry["name"], entry["dataType"]) == ("K1", "Outgoing server", "PhoneNumber")
    control.portal("add-entry", stage="QA", field="backup", key="K2", name="SMTP Server (backup)", email=True)
    assert api.patch_stage("QA", backup="b.example").status_code == 204
    control.portal("change-entry", stage="QA", field="port", remove=True)
    keys = {e["name"] for e in api.http.get(api.stage_path("QA")).json()["systemConfigurations"]}
    assert "SMTP Server (backup)" in keys
    assert "SMTP Port" not in keys


def test_a_value_set_by_hand_may_stay_pending(api: Api) -> None:
    control = api.emulator.control
    control.set("QA", "settings/ApiUrl", "https://x.example.com", app="CRM", pending=True)
    control.set("QA", "port", "25", pending=True)
    assert sorted(control.pending("QA", "CRM")) == ["port", "settings/ApiUrl"]
    control.set("QA", "testListActive", "true", app="CRM")
    assert control.live("QA", "CRM")["testListActive"] == "True"
    assert "testListActive" not in control.pending("QA", "CRM")


def test_the_portal_masks_secrets_and_answers_questions_about_them(api: Api) -> None:
    control = api.emulator.control
    control.set("QA", "password", "canary")
    assert "canary" not in json.dumps([control.show("QA"), control.show("QA", "CRM")])
    assert control.secret_equals("QA", "password", "canary")
    assert control.secret_equals("QA", "password", "canary", "CRM")
    api.patch_stage("QA", password="newer")
    assert control.secret_equals("QA", "password", "canary", "CRM")
    assert control.secret_equals("QA", "password", "newer", "CRM", live=False)


@pytest.mark.parametrize(
    ("verb", "arguments", "said"),
    [
        ("set", {"stage": "Nowhere", "field": "port", "value": "1"}, "Development, Production, QA"),
        ("set", {"stage": "QA", "field": "color", "value": "1"}, "authentication"),
        ("deploy", {"stage": "QA"}, "app"),
        ("explode", {}, "change-client"),
        ("change-client", {"client": "nobody"}, "stagemail-ci"),
    ],
)
def test_a_control_call_that_names_nothing_says_what_there_is(
    api: Api, verb: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(ControlError, match=said):
        api.emulator.control.portal(verb, **arguments)


def test_parallel_requests_lose_no_write(start: Start, connect: Connect) -> None:
    emulator = start()
    clients = [connect(emulator) for _ in range(8)]
    fields = ["host", "port", "username", "senderName", "senderAddress", "scopes", "clientId", "maxUploadSize"]

    def write(number: int) -> int:
        api, field = clients[number], fields[number]
        value = str(number) if field != "senderAddress" else f"{number}@example.com"
        return sum(api.patch_stage("QA", **{field: value}).status_code == 204 for _ in range(25))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == [25] * 8
    shown = {row["field"]: row["value"] for row in emulator.control.show("QA")["entries"]}
    assert [shown[f][0] for f in fields] == [str(n) for n in range(8)]
    numbers = [row["number"] for row in emulator.control.ledger()]
    assert numbers == list(range(1, 201))

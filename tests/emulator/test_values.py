"""A value's life: set, pending, live; on the stage, inherited, overridden; secrets; foreign pending values."""

from collections.abc import Callable

import pytest
from tests.emulator.conftest import Api

from odc_emulator.profiles import PROFILES
from odc_emulator.rendering import MASK
from odc_emulator.server import EmulatorServer

Start, Connect = Callable[..., EmulatorServer], Callable[..., Api]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_stage_patch_is_live_at_once_or_after_apply_configs(start: Start, connect: Connect, profile: str) -> None:
    api = connect(start(profile))
    assert api.patch_stage("QA", port="2525").status_code == 204
    entry = api.app_entry("QA", "CRM", "port")
    assert entry["value"] == "2525"
    assert entry["valueOrigin"] == "EnvironmentLevelOverride"
    if PROFILES[profile].stage_patch_propagates:
        assert entry["deployedValue"] == "2525"
        assert entry["deployedValueOrigin"] == "EnvironmentLevelOverride"
    else:
        assert entry["deployedValue"] == "587"
        assert entry["deployedValueOrigin"] == "EnvironmentLevelDefault"
    assert api.apply("QA", "CRM") == "Finished"
    entry = api.app_entry("QA", "CRM", "port")
    assert (entry["value"], entry["deployedValue"]) == ("2525", "2525")
    untouched = api.app_entry("Production", "CRM", "port")
    assert (untouched["value"], untouched["deployedValue"]) == ("587", "587")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_secret_never_reads_back(start: Start, connect: Connect, profile: str) -> None:
    api = connect(start(profile))
    assert api.stage_entry("QA", "password")["value"] is None
    api.patch_stage("QA", password="hunter2")
    masked = None if PROFILES[profile].secret_reads == "null" else MASK
    entry = api.app_entry("QA", "CRM", "password")
    assert entry["value"] == masked
    assert entry["isSecret"] is True
    assert entry["valueSetAfterDeploy"] is not PROFILES[profile].stage_patch_propagates
    assert api.stage_entry("QA", "password")["value"] == masked
    assert "hunter2" not in api.http.get(api.app_path("QA", "CRM", "deployed")).text
    api.apply("QA", "CRM")
    assert api.app_entry("QA", "CRM", "password")["valueSetAfterDeploy"] is False
    assert api.emulator.control.secret_equals("QA", "password", "hunter2", "CRM")
    assert not api.emulator.control.secret_equals("QA", "password", "hunter3", "CRM")


def test_setting_the_same_secret_again_is_pending_again(api: Api) -> None:
    api.patch_stage("QA", password="same")
    api.apply("QA", "CRM")
    api.patch_stage("QA", password="same")
    assert api.app_entry("QA", "CRM", "password")["valueSetAfterDeploy"] is True


def test_apply_configs_sweeps_everything_pending_also_other_peoples(api: Api) -> None:
    control = api.emulator.control
    control.set("QA", "settings/ApiKey", "theirs", app="CRM", pending=True)
    control.set("QA", "timers/NightlyCleanup/Schedule", "0 4 * * *", app="CRM", pending=True)
    control.set("QA", "integrations/LedgerApi/BaseUrl", "https://new.example.com", app="CRM", pending=True)
    control.set("QA", "libraries/Theme/BrandColor", "#0c0", app="CRM", pending=True)
    api.patch_app("QA", "CRM", testListActive="True")
    assert sorted(control.pending("QA", "CRM")) == [
        "integrations/LedgerApi/BaseUrl",
        "libraries/Theme/BrandColor",
        "settings/ApiKey",
        "testListActive",
        "timers/NightlyCleanup/Schedule",
    ]
    document = api.http.get(api.app_path("QA", "CRM", "deployed")).json()
    assert document["settings"][1]["valueSetAfterDeploy"] is True
    assert document["timers"][0]["configs"][0]["value"] == "0 4 * * *"
    assert document["timers"][0]["configs"][0]["deployedValue"] == "0 2 * * *"
    assert api.apply("QA", "CRM") == "Finished"
    assert control.pending("QA", "CRM") == []


def test_what_is_set_after_an_operation_started_stays_pending(api: Api) -> None:
    api.patch_stage("QA", port="2525")
    key = api.operate("ApplyConfigs", "QA", "CRM", 11).json()["key"]
    api.patch_stage("QA", host="late.example.com")
    api.emulator.control.advance(21)
    assert api.http.get(f"/api/deployments/v1/deployment-operations/{key}").json()["status"] == "Finished"
    assert api.emulator.control.pending("QA", "CRM") == ["host"]


def test_only_the_provided_elements_change(api: Api) -> None:
    api.patch_stage("QA", host="smtp.example.com", port="465")
    api.patch_stage("QA", port="587")
    assert api.stage_entry("QA", "host")["value"] == "smtp.example.com"


def test_an_override_of_a_stage_value_shadows_it_from_then_on(api: Api) -> None:
    api.patch_app("QA", "CRM", port="26")
    api.apply("QA", "CRM")
    api.patch_stage("QA", port="2525")
    entry = api.app_entry("QA", "CRM", "port")
    assert (entry["value"], entry["valueOrigin"], entry["deployedValue"]) == ("26", "ApplicationLevelOverride", "26")
    api.patch_app("QA", "CRM", port=None)
    entry = api.app_entry("QA", "CRM", "port")
    assert (entry["value"], entry["deployedValue"]) == ("2525", "26")


def test_putting_a_value_back_leaves_nothing_pending(api: Api) -> None:
    api.patch_stage("QA", port="2525")
    api.patch_stage("QA", port="587")
    assert api.emulator.control.pending("QA", "CRM") == []


def test_values_can_be_set_before_the_first_deploy_and_are_live_with_it(api: Api) -> None:
    keys = {"testList": "qa@example.com", "testListActive": "True"}
    entries = [{"key": api.key("Production", field), "value": value} for field, value in keys.items()]
    path = api.app_path("Production", "FieldApp")
    assert api.http.patch(path, json={"systemConfigurations": entries}).status_code == 404
    body = {"revisionBaseline": 1, "systemConfigurations": entries}
    assert api.http.patch(path, json=body).status_code == 204
    before = api.http.get(api.app_path("Production", "FieldApp", "1")).json()
    assert before["revisionDeployed"] is None
    assert [e["deployedValue"] for e in before["systemConfigurations"] if e["key"] == entries[0]["key"]] == [None]
    assert api.http.get(api.app_path("Production", "FieldApp", "deployed")).status_code == 404
    api.emulator.control.deploy("Production", "FieldApp")
    entry = api.app_entry("Production", "FieldApp", "testListActive")
    assert (entry["value"], entry["deployedValue"]) == ("True", "True")


@pytest.mark.parametrize("profile", [name for name, each in PROFILES.items() if not each.before_first_deploy])
def test_or_nothing_can_be_set_before_the_first_deploy(start: Start, connect: Connect, profile: str) -> None:
    api = connect(start(profile))
    entries = [{"key": api.key("Production", "host"), "value": "smtp.example.com"}]
    path = api.app_path("Production", "FieldApp")
    assert api.http.patch(path, json={"revisionBaseline": 1, "systemConfigurations": entries}).status_code == 404
    assert api.http.get(api.app_path("Production", "FieldApp", "1")).json()["revisionDeployed"] is None


def test_a_deploy_by_hand_applies_our_pending_values(api: Api) -> None:
    api.patch_stage("QA", port="2525")
    api.emulator.control.deploy("QA", "CRM")
    assert api.emulator.control.pending("QA", "CRM") == []
    assert api.revision("QA", "CRM") == 12
    assert api.emulator.control.pending("QA", "Billing") == ["port"]


def test_a_portal_edit_reaches_all_apps_at_once_even_where_a_patch_does_not(api: Api) -> None:
    api.patch_stage("QA", port="2525")
    api.emulator.control.set("QA", "port", "26")
    assert api.emulator.control.live("QA", "CRM")["port"] == "26"
    assert api.emulator.control.pending("QA", "CRM") == []


@pytest.mark.parametrize("profile", ["guid-pending", "guid-live"])
def test_a_stage_patch_leaves_a_shadowing_app_alone(start: Start, connect: Connect, profile: str) -> None:
    api = connect(start(profile))
    api.patch_app("QA", "CRM", password="own")
    assert api.emulator.control.pending("QA", "CRM") == ["password"]
    api.patch_stage("QA", password="stage")
    assert api.emulator.control.pending("QA", "CRM") == ["password"]
    api.apply("QA", "CRM")
    api.patch_stage("QA", password="stage again")
    assert api.emulator.control.pending("QA", "CRM") == []
    assert api.emulator.control.secret_equals("QA", "password", "own", "CRM")

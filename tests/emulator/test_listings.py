"""Portfolios, stages, deployed assets, pages, and calls that are no good."""

from collections.abc import Callable

import pytest
from tests.emulator.conftest import OPERATIONS, Api

from odc_emulator.seed import generated_seed, seed_from
from odc_emulator.server import EmulatorServer
from odc_emulator.world import derived_key

Start, Connect = Callable[..., EmulatorServer], Callable[..., Api]
ASSETS = "/api/portfolios/v2/deployed-assets"


def test_the_default_organization_is_the_documented_one(api: Api) -> None:
    stages = api.http.get("/api/portfolios/v2/environments").json()["results"]
    assert [(s["name"], s["purpose"], s["order"]) for s in stages] == [
        ("Development", "Development", 0),
        ("QA", "NonProduction", 1000),
        ("Production", "Production", 2000),
    ]
    assert stages[1]["key"] == derived_key("stage", "QA")
    assets = api.http.get(ASSETS).json()["results"]
    assert {a["deployments"][0]["name"]: (a["type"], len(a["deployments"])) for a in assets} == {
        "Assistant": ("Agent", 3),
        "Billing": ("WebApplication", 3),
        "CRM": ("WebApplication", 3),
        "FieldApp": ("MobileApplication", 2),
        "Onboarding": ("Workflow", 3),
        "Portal": ("WebApplication", 3),
        "PortalAdmin": ("WebApplication", 3),
    }
    (portfolio,) = api.http.get("/api/portfolios/v2/portfolios").json()["results"]
    assert (portfolio["name"], portfolio["isMainPortfolio"]) == ("Main", True)


def test_agents_and_workflows_have_no_system_configurations(api: Api) -> None:
    agent = api.http.get(api.app_path("QA", "Assistant", "deployed")).json()
    assert "systemConfigurations" not in agent
    assert agent["settings"]
    assert api.http.get(api.app_path("QA", "Onboarding", "deployed")).json()["systemConfigurations"] == []
    entries = [{"key": api.key("QA", "testListActive"), "value": "True"}]
    answer = api.http.patch(api.app_path("QA", "Assistant"), json={"systemConfigurations": entries})
    assert answer.status_code == 400


def test_fields_choose_sections(api: Api) -> None:
    path = api.app_path("QA", "CRM", "deployed")
    chosen = api.http.get(path, params={"fields": "systemConfigurations,timers"}).json()
    assert {"systemConfigurations", "timers"} <= set(chosen)
    assert not {"settings", "integrations", "libraries"} & set(chosen)


def test_pages_with_totals_end_with_null(start: Start, connect: Connect) -> None:
    api = connect(start(seed=generated_seed(250, 2)))
    seen, offset, pages = [], 0, []
    while offset is not None:
        document = api.http.get(ASSETS, params={"offset": offset, "type": "WebApplication"}).json()
        pages.append(document["page"])
        seen += [a["key"] for a in document["results"]]
        offset = document["page"]["nextPageOffset"]
    assert [p["count"] for p in pages] == [100, 100, 50]
    assert {(p["totalResults"], p["totalPages"], p["limit"]) for p in pages} == {(250, 3, 100)}
    assert len(set(seen)) == 250


def test_operations_are_paged_without_totals_newest_first(api: Api) -> None:
    keys = [
        api.operate("ApplyConfigs", "QA", app, rev).json()["key"]
        for app, rev in [("CRM", 11), ("Billing", 7), ("Portal", 30)]
    ]
    first = api.http.get(OPERATIONS, params={"limit": 2}).json()
    assert [o["key"] for o in first["results"]] == [keys[2], keys[1]]
    assert first["page"] == {"count": 2, "limit": 2, "offset": 0, "nextPageOffset": 2}
    second = api.http.get(OPERATIONS, params={"limit": 2, "offset": 2}).json()
    assert [o["key"] for o in second["results"]] == [keys[0]]
    assert second["page"]["nextPageOffset"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "offset=-1", "type=Nonsense", "limit=99999999999999"]
)
def test_a_bad_query_is_refused(api: Api, query: str) -> None:
    assert api.http.get(f"{ASSETS}?{query}").status_code == 400


def test_assets_are_filtered(api: Api) -> None:
    def names(**query: str) -> list[str]:
        results = api.http.get(ASSETS, params=query).json()["results"]
        return [a["deployments"][0]["name"] for a in results]

    assert names(nameContains="portal") == ["Portal", "PortalAdmin"]
    assert names(type="Workflow,Agent") == ["Assistant", "Onboarding"]
    assert names(key=derived_key("app", "CRM")) == ["CRM"]
    assert "FieldApp" not in names(environmentKey=derived_key("stage", "Production"))
    assert names(portfolioKey=derived_key("portfolio", "Other")) == []


def test_an_undeployed_asset_is_not_listed_there(api: Api) -> None:
    api.emulator.control.undeploy("QA", "CRM")
    query = {"nameContains": "CRM"}
    (crm,) = api.http.get(ASSETS, params=query).json()["results"]
    assert derived_key("stage", "QA") not in {d["environmentKey"] for d in crm["deployments"]}
    assert len(crm["deployments"]) == 2


def test_a_seed_document_makes_another_organization(start: Start, connect: Connect) -> None:
    seed = seed_from(
        {
            "portfolios": ["Main", "Second"],
            "stages": [
                {"name": "Prod", "purpose": None, "order": 5, "portfolio": "Second", "values": {"host": "a.example"}}
            ],
            "apps": [{"name": "One", "revisions": {"Prod": 3}}],
        }
    )
    api = connect(start(seed=seed))
    assert api.stage_entry("Prod", "host")["value"] == "a.example"
    assert api.app_entry("Prod", "One", "host")["deployedValue"] == "a.example"
    (stage,) = api.http.get("/api/portfolios/v2/environments").json()["results"]
    assert (stage["purpose"], stage["portfolioKey"]) == (None, derived_key("portfolio", "Second"))
    assert api.http.get("/api/portfolios/v2/portfolios", params={"limit": 1}).json()["page"]["totalPages"] == 2


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"systemConfigurations": [1]}', "application/json", 400),
        (b'{"systemConfigurations": [{"key": 1}]}', "application/json", 400),
        (b'{"nonsense": []}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * ((1 << 20) + 1), "application/json", 413),
        (b"{}", "application/merge-patch+json", 204),
    ],
)
def test_a_bad_body_is_refused_and_changes_nothing(api: Api, body: bytes, content_type: str, status: int) -> None:
    path = api.app_path("QA", "CRM")
    answer = api.http.request("PATCH", path, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert api.emulator.control.pending("QA", "CRM") == []


@pytest.mark.parametrize(("field", "value"), [("port", "many"), ("authentication", "Kerberos"), ("enableDebug", "yes")])
def test_a_value_of_the_wrong_type_is_refused(api: Api, field: str, value: str) -> None:
    assert api.patch_stage("QA", **{field: value}).status_code == 400


def test_paths_methods_and_keys_that_do_not_exist(api: Api) -> None:
    assert api.http.get("/api/portfolios/v2/applications").status_code == 404
    assert api.http.delete(api.stage_path("QA")).status_code == 405
    assert api.http.get(api.app_path("QA", "Nothing", "deployed")).json()["errorCode"] == "OS-CFGM-40406"
    assert api.http.get(api.app_path("Nowhere", "CRM", "deployed")).status_code == 404
    assert api.http.get(api.app_path("QA", "CRM", "99")).status_code == 404
    assert api.http.get(api.app_path("QA", "CRM", "9")).json()["revisionBaseline"] == 9

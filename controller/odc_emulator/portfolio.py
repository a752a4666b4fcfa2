"""`/api/portfolios/v2`: portfolios, stages and deployed assets, each only as far as the client may see stages."""

from typing import Any

from odc_emulator.answers import Answer, RefusedError
from odc_emulator.calls import Call
from odc_emulator.clock import timestamp
from odc_emulator.identity import visible_stages
from odc_emulator.paging import page
from odc_emulator.world import App, Placement, Stage, derived_key

ASSET_TYPES = ("WebApplication", "MobileApplication", "Workflow", "Agent")


def portfolios(call: Call) -> Answer:
    """The portfolios of the organization; a client without any permission is refused with 403."""
    _need_any_permission(call)
    wanted = call.one("portfolioKey")
    rows = [
        {
            "key": p.key,
            "name": p.name,
            "type": "oscloud",
            "isMainPortfolio": p.main,
            "nonProductionEnvironmentCount": sum(
                s.portfolio == p.key and s.purpose == "NonProduction" for s in call.world.stages.values()
            ),
        }
        for p in call.world.portfolios.values()
        if wanted in (None, p.key)
    ]
    return Answer(200, page(call, rows, totals=True))


def environments(call: Call) -> Answer:
    """The stages that the client sees; not paged."""
    wanted = call.one("portfolioKey")
    rows = [
        {
            "key": s.key,
            "name": s.name,
            "builtinDomain": f"{s.key[:8]}.emulator.invalid",
            "defaultDomain": _domain(s),
            "purpose": s.purpose,
            "order": s.order,
            "region": "emulator-1",
            "hosting": "oscloud",
            "status": s.status,
            "portfolioKey": s.portfolio if call.profile.portfolio_key else None,
        }
        for s in visible_stages(call.world, call.actor())
        if wanted in (None, s.portfolio)
    ]
    if call.has_fault("partial-page"):
        rows = rows[: len(rows) // 2]
    return Answer(200, {"results": rows})


def deployed_assets(call: Call) -> Answer:
    """Assets with their deployments in the stages that the client sees."""
    _need_any_permission(call)
    types = call.many("type")
    if not set(types) <= set(ASSET_TYPES):
        raise RefusedError(400, "EMULATOR-BAD-QUERY", f"type must be one of {', '.join(ASSET_TYPES)}.")
    stages = {s.key: s for s in visible_stages(call.world, call.actor())}
    if chosen := call.many("environmentKey"):
        stages = {key: stage for key, stage in stages.items() if key in chosen}
    if portfolio := call.one("portfolioKey"):
        stages = {key: stage for key, stage in stages.items() if stage.portfolio == portfolio}
    deployments: dict[str, list[Placement]] = {}
    for placement in call.world.placements.values():
        if placement.revision is not None and placement.stage in stages:
            deployments.setdefault(placement.app, []).append(placement)
    keys, part = call.many("key"), (call.one("nameContains") or "").lower()
    apps = sorted((call.world.apps[key] for key in deployments), key=lambda a: (a.name, a.key))
    matching = [
        app
        for app in apps
        if (not types or app.type in types) and (not keys or app.key in keys) and part in app.name.lower()
    ]
    return Answer(200, _assets_page(call, matching, deployments, stages))


def _assets_page(
    call: Call, apps: list[App], deployments: dict[str, list[Placement]], stages: dict[str, Stage]
) -> dict[str, Any]:
    document = page(call, apps, totals=True)
    document["results"] = [
        {
            "type": app.type,
            "key": app.key,
            "isBuiltIn": False,
            "deployments": [_deployment(app, p, stages[p.stage]) for p in deployments[app.key]],
        }
        for app in document["results"]
    ]
    return document


def _deployment(app: App, placement: Placement, stage: Stage) -> dict[str, Any]:
    return {
        "environmentKey": placement.stage,
        "name": app.name,
        "revision": placement.revision,
        "buildKey": derived_key("build", app.key, str(placement.revision)),
        "deploymentKey": derived_key("deployment", placement.id, str(placement.revision)),
        "deploymentDateTime": timestamp(placement.deployed or 0.0),
        "description": f"{app.name} of the emulated organization",
        "iconUrl": None,
        "deploymentUserId": placement.deployed_by,
        "url": f"https://{_domain(stage)}/{app.name}",
        "tag": None,
        "taggingUserKey": None,
        "taggingDateTime": None,
        "portfolioKey": stage.portfolio,
    }


def _domain(stage: Stage) -> str:
    return f"{stage.name.lower().replace(' ', '-')}.emulator.invalid"


def _need_any_permission(call: Call) -> None:
    if not any(call.actor().permissions.values()):
        raise RefusedError(403, "EMULATOR-FORBIDDEN", "The API client has no permission at all.")

"""What a person sees in the portal: values set and live, by logical field, secrets masked; and checks on secrets.

For tests, demonstrations and the app runtime; nothing here is part of ODC's API.
"""

import hmac
from dataclasses import dataclass
from typing import Any

from odc_emulator import values, vocabulary
from odc_emulator.portal import UnknownNameError, entries_of, find_app, find_entry, find_stage
from odc_emulator.profiles import Profile
from odc_emulator.world import App, Placement, Stage, World

HIDDEN = "••••••"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The email settings an app runs with, by logical field, and its active test list (None: not active)."""

    settings: dict[str, str | None]
    authentication: str
    test_list: str | None


def stage_view(world: World, name: str) -> dict[str, Any]:
    """A stage with its values and the apps deployed on it."""
    stage = find_stage(world, name)
    rows = [
        {"field": e.field, "name": e.name, "value": _masked(e.secret, values.stage_value(stage, e))}
        for e in stage.entries
    ]
    apps = sorted(world.apps[p.app].name for p in world.deployed_on(stage.key))
    return {
        "stage": stage.name,
        "key": stage.key,
        "purpose": stage.purpose,
        "order": stage.order,
        "apps": apps,
        "entries": rows,
    }


def app_view(world: World, profile: Profile, stage_name: str, app_name: str) -> dict[str, Any]:
    """An app on a stage: for each entry what is set and what is live."""
    stage, app, placement = placed(world, stage_name, app_name)
    rows = []
    for entry in entries_of(profile, stage, app):
        now = values.effective(stage, placement, entry, inherited=entry in stage.entries)
        rows.append(
            {
                "field": entry.field,
                "name": entry.name,
                "set": _masked(entry.secret, now.value),
                "live": _masked(entry.secret, now.deployed),
                "pending": now.pending,
                "origin": now.origin,
            }
        )
    return {"stage": stage.name, "app": app.name, "key": app.key, "revision": placement.revision, "entries": rows}


def secret_equals(
    world: World, profile: Profile, stage_name: str, app_name: str | None, *, field: str, value: str, live: bool
) -> bool:
    """Whether a stage's or app's secret is `value`: the one last set, or with `live` the one the app runs with."""
    if app_name is None:
        stage = find_stage(world, stage_name)
        stored = values.stage_value(stage, find_entry(stage.entries, field, stage.name))
    else:
        stage, app, placement = placed(world, stage_name, app_name)
        entry = find_entry(entries_of(profile, stage, app), field, app.name)
        now = values.effective(stage, placement, entry, inherited=entry in stage.entries)
        stored = now.deployed if live else now.value
    return stored is not None and hmac.compare_digest(stored.encode(), value.encode())


def deployed(world: World, profile: Profile, stage_name: str, app_name: str) -> Deployed:
    """What the app would send an email with right now."""
    stage, app, placement = placed(world, stage_name, app_name)
    if placement.revision is None:
        raise UnknownNameError(f"{app.name} is not deployed in stage {stage.name}, so it cannot send anything")
    live = {
        e.field: values.effective(stage, placement, e, inherited=e in stage.entries).deployed
        for e in entries_of(profile, stage, app)
    }
    active = (live.get("testListActive") or "").lower() == "true"
    settings = {field: live.get(field) for field in vocabulary.STAGE_FIELDS}
    method = vocabulary.authentication_method(profile, live.get("authentication"))
    return Deployed(settings, method, (live.get("testList") or "") if active else None)


def placed(world: World, stage_name: str, app_name: str) -> tuple[Stage, App, Placement]:
    """Stage, app and their placement, an empty one where the app is not deployed."""
    stage, app = find_stage(world, stage_name), find_app(world, app_name)
    return stage, app, world.placement(stage.key, app.key) or Placement(stage.key, app.key)


def _masked(secret: bool, value: str | None) -> str | None:
    return HIDDEN if secret and value else value

"""`/api/asset-configurations/v1`: reading and patching the configurations of stages, apps and agents."""

from odc_emulator import rendering, values, visibility
from odc_emulator.answers import CONFIGURATION_NOT_FOUND, Answer, RefusedError
from odc_emulator.calls import Call
from odc_emulator.identity import EDIT_CONFIGURATIONS, MANAGE_EMAIL, VIEW_CONFIGURATIONS, permitted, stage_for
from odc_emulator.patches import AGENT_SECTIONS, SECTIONS, STAGE_SECTIONS, accepted, patches
from odc_emulator.world import App, Placement, Stage


def get_stage(call: Call, stage_key: str) -> Answer:
    """The default system configurations of a stage."""
    stage = stage_for(call.world, call.actor(), stage_key, VIEW_CONFIGURATIONS)
    entries = visibility.stage_entries(call.profile, stage)
    return Answer(200, {"systemConfigurations": [rendering.stage_entry(call.profile, stage, e) for e in entries]})


def patch_stage(call: Call, stage_key: str) -> Answer:
    """Change default system configurations; email ones need the separate permission."""
    stage = stage_for(call.world, call.actor(), stage_key, EDIT_CONFIGURATIONS)
    wanted = [(key, value) for _, _, key, value in patches(call.document(), STAGE_SECTIONS)]
    by_key = {e.key: e for e in stage.entries}
    named = [(by_key.get(key), value) for key, value in wanted]
    if any(e is not None and e.email for e, _ in named) and not permitted(call.actor(), stage.key, MANAGE_EMAIL):
        raise RefusedError(
            403, "EMULATOR-FORBIDDEN", f"The API client lacks the permission '{MANAGE_EMAIL}' in stage {stage.name}."
        )
    chosen = next((v for e, v in reversed(named) if e is not None and e.field == "authentication"), None)
    visible = {e.key for e in visibility.stage_entries(call.profile, stage, chosen)}
    named = [(e if e is not None and e.key in visible else None, value) for e, value in named]
    for entry, value in accepted(call, named, [key for key, _ in wanted]):
        values.set_on_stage(call.world, stage, entry, value, now=call.now, live=call.profile.stage_patch_propagates)
    return Answer(204)


def get_app(call: Call, stage_key: str, app_key: str, revision: str) -> Answer:
    """The configurations of an app in a stage, for the deployed or another published revision."""
    stage = stage_for(call.world, call.actor(), stage_key, VIEW_CONFIGURATIONS)
    app, placement = _placed(call, stage, app_key)
    if revision == "deployed":
        if placement.revision is None:
            raise RefusedError(404, CONFIGURATION_NOT_FOUND, f"{app.name} is not deployed in stage {stage.name}.")
        baseline = placement.revision
    else:
        baseline = _revision(app, revision)
    sections = set(call.many("fields")) & set(SECTIONS) or set(SECTIONS)
    scene = rendering.AppScene(call.profile, stage, app, placement)
    return Answer(200, rendering.app_document(scene, baseline, sections))


def patch_app(call: Call, stage_key: str, app_key: str) -> Answer:
    """Change configurations of an app; they stay pending until ApplyConfigs or the next Deploy.

    With `revisionBaseline` also for an app that is not deployed in the stage yet, where the profile allows that.
    """
    stage = stage_for(call.world, call.actor(), stage_key, EDIT_CONFIGURATIONS)
    app, placement = _placed(call, stage, app_key)
    document = call.document()
    baseline = document.get("revisionBaseline")
    if baseline is not None:
        _revision(app, str(baseline))
    if placement.revision is None and not call.profile.before_first_deploy:
        raise RefusedError(404, CONFIGURATION_NOT_FOUND, f"{app.name} is not deployed in stage {stage.name}.")
    if baseline is None and placement.revision is None:
        raise RefusedError(
            404, CONFIGURATION_NOT_FOUND, f"{app.name} is not deployed in stage {stage.name}: send revisionBaseline."
        )
    sections = AGENT_SECTIONS if app.type == "Agent" else SECTIONS
    wanted = list(patches(document, sections))
    index = visibility.app_index(call.profile, stage, app)
    named = [(index.get((section, group, key)), value) for section, group, key, value in wanted]
    for entry, value in accepted(call, named, [key for _, _, key, _ in wanted]):
        values.set_on_app(call.world, stage, placement, entry, value, now=call.now)
    return Answer(204)


def _placed(call: Call, stage: Stage, app_key: str) -> tuple[App, Placement]:
    app = call.world.apps.get(app_key)
    agent_path = "/agents/" in call.path
    if app is None or agent_path != (app.type == "Agent"):
        kind = "agent" if agent_path else "application"
        raise RefusedError(404, CONFIGURATION_NOT_FOUND, f"There is no {kind} {app_key[:80]}.")
    return app, call.world.placement(stage.key, app.key) or Placement(stage.key, app.key)


def _revision(app: App, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= app.revisions:
        raise RefusedError(404, CONFIGURATION_NOT_FOUND, f"{app.name} has no revision {text[:40]}.")
    return int(text)

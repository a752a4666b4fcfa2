"""Configurations as the API shows them: entries with set and running values, secrets masked, by section."""

from dataclasses import dataclass
from typing import Any

from odc_emulator import catalog, values, visibility
from odc_emulator.clock import timestamp
from odc_emulator.profiles import Profile
from odc_emulator.world import App, Entry, Placement, Stage

MASK = "********"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AppScene:
    """The app on the stage that a document is about."""

    profile: Profile
    stage: Stage
    app: App
    placement: Placement

    def entries(self, entries: tuple[Entry, ...] | list[Entry], *, inherited: bool = False) -> list[Document]:
        """Entries in this app; before its first deployment nothing is running."""
        shown = []
        for entry in entries:
            now = values.effective(self.stage, self.placement, entry, inherited=inherited)
            running = (now.deployed, now.deployed_origin) if self.placement.revision is not None else (None, None)
            last_set, told = (now.value, now.origin), (now.changed, _date(self.profile, now.updated))
            shown.append(_entry(self.profile, entry, last_set, running, told))
        return shown

    def system(self) -> list[Document]:
        """The system configurations: the stage's as this app has them, and its own."""
        if not visibility.has_system_configurations(self.app):
            return []
        inherited = self.entries(visibility.stage_entries(self.profile, self.stage), inherited=True)
        return [*inherited, *self.entries(visibility.own_entries(self.profile, self.stage))]


def stage_entry(profile: Profile, stage: Stage, entry: Entry) -> Document:
    """An entry of the stage itself; where a PATCH stays pending, nothing is running at this level."""
    stored = stage.values.get(entry.field, values.UNSET)
    last_set = (values.stage_value(stage, entry), values.STAGE_DEFAULT if stored.value is None else values.STAGE_SET)
    running = last_set if profile.stage_patch_propagates else (None, None)
    return _entry(profile, entry, last_set, running, (None, _date(profile, stored.updated)))


def app_document(scene: AppScene, baseline: int, sections: set[str]) -> Document:
    """The configurations of an app (or agent), as far as `sections` names them."""
    parts = catalog.sections(scene.profile.keys, scene.app.key)
    placement = scene.placement
    document: Document = {
        "key": scene.app.key,
        "name": scene.app.name,
        "revisionBaseline": baseline,
        "revisionDeployed": placement.revision,
        "deployedAt": None if placement.deployed is None else timestamp(placement.deployed),
    }
    if "settings" in sections:
        document["settings"] = scene.entries(parts.settings)
    if "timers" in sections:
        document["timers"] = [_group(scene, g) | {"description": None} for g in parts.timers]
    if "integrations" in sections:
        document["integrations"] = [_group(scene, g) | {"pluginType": "RestConsumer"} for g in parts.integrations]
    if "libraries" in sections:
        document["libraries"] = [
            {"key": g.key, "name": g.name, "revision": 1, "settings": scene.entries(g.entries)} for g in parts.libraries
        ]
    if "systemConfigurations" in sections and scene.app.type != "Agent":
        document["systemConfigurations"] = scene.system()
    return document


def _group(scene: AppScene, group: catalog.Group) -> Document:
    return {"key": group.key, "name": group.name, "configs": scene.entries(group.entries)}


def _entry(
    profile: Profile,
    entry: Entry,
    last_set: tuple[str | None, str],
    running: tuple[str | None, str | None],
    told: tuple[bool | None, str | None],
) -> Document:
    default, live, value = entry.default, running[0], last_set[0]
    if entry.secret:
        mask = None if profile.secret_reads == "null" else MASK  # noqa: S105 - a way of masking
        default, live, value = (None if each is None else mask for each in (default, live, value))
    return {
        "key": entry.key,
        "name": entry.name,
        "description": entry.description,
        "dataType": entry.data_type,
        "defaultValue": default,
        "deployedValue": live,
        "value": value,
        "valueOrigin": last_set[1],
        "deployedValueOrigin": running[1],
        "isSecret": entry.secret,
        "valueSetAfterDeploy": told[0],
        "updatedAt": told[1],
        "filename": None,
    }


def _date(profile: Profile, updated: float | None) -> str | None:
    return timestamp(updated) if updated is not None and profile.updated_at else None

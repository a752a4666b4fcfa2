"""Foreign actors: what people do in ODC's portal while nobody's client is looking.

Each action is a small document with a `perform`; `ACTIONS` names them for the control API and the command line. Values
are given as a person thinks of them (`basic`, `true`, `a@x, b@x`) and stored as the profile spells them.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from odc_emulator import catalog, operations, values, vocabulary
from odc_emulator.identity import digest
from odc_emulator.profiles import Profile
from odc_emulator.world import App, Client, Entry, Placement, Stage, World, derived_key


class UnknownNameError(Exception):
    """The action names something that the emulated organization does not have."""


class Action(BaseModel):
    """One thing done by hand; `perform` changes the world at the emulated time `now`."""

    model_config = ConfigDict(extra="forbid")
    verb: ClassVar[str]

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        """Do it, and say what was done."""
        raise NotImplementedError


class SetValue(Action):
    """Set a stage's value, or an app's; live at once unless `pending`."""

    verb = "set"
    stage: str = Field(description="stage name or key")
    app: str | None = Field(None, description="app name or key; left out: the stage's own value")
    field: str = Field(description="host, port …, testList, or a path such as settings/ApiUrl")
    value: str | None = Field(description="the new value; none clears it")
    pending: bool = Field(False, description="leave it pending on the app, or on every app of the stage")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        stage = find_stage(world, self.stage)
        text = spelt(profile, self.field, self.value)
        if self.app is None:
            entry = find_entry(stage.entries, self.field, stage.name)
            values.set_on_stage(world, stage, entry, text, now=now, live=not self.pending)
        else:
            app = find_app(world, self.app)
            placement = world.placement(stage.key, app.key) or Placement(stage.key, app.key)
            entry = find_entry(entries_of(profile, stage, app), self.field, app.name)
            values.set_on_app(world, stage, placement, entry, text, now=now, live=not self.pending)
        return {"stage": stage.name, "app": self.app, "field": self.field, "pending": self.pending}


class Deploy(Action):
    """Deploy an app to a stage (its next revision unless one is given); applies everything pending on it."""

    verb = "deploy"
    stage: str = Field(description="stage name or key")
    app: str = Field(description="app name or key; a new name makes a new app")
    revision: int | None = Field(None, description="the revision to deploy")
    type: str = Field("WebApplication", description="type of a new app")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        del profile
        stage = find_stage(world, self.stage)
        app = _app(world, self.app) or App(derived_key("app", self.app), self.app, self.type, 0)
        placement = world.placement(stage.key, app.key)
        following = 1 if placement is None or placement.revision is None else placement.revision + 1
        revision = self.revision or following
        app.revisions = max(app.revisions, revision)
        world.save(app)
        operations.start(
            world, "Deploy", app=app.key, stage=stage.key, revision=revision, by="portal", now=now, ends=now
        )
        operations.settle(world, now)
        return {"stage": stage.name, "app": app.name, "key": app.key, "revision": revision}


class Undeploy(Action):
    """Take an app off a stage."""

    verb = "undeploy"
    stage: str = Field(description="stage name or key")
    app: str = Field(description="app name or key")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        del profile
        stage, app = find_stage(world, self.stage), find_app(world, self.app)
        placement = world.placement(stage.key, app.key)
        revision = None if placement is None else placement.revision
        operations.start(
            world, "Undeploy", app=app.key, stage=stage.key, revision=revision, by="portal", now=now, ends=now
        )
        operations.settle(world, now)
        return {"stage": stage.name, "app": app.name}


class ChangeStage(Action):
    """Reorder a stage, change its name, purpose or status."""

    verb = "change-stage"
    stage: str = Field(description="stage name or key")
    name: str | None = Field(None, description="the new name")
    order: int | None = Field(None, description="the new order")
    purpose: str | None = Field(None, description="Development, NonProduction, Production, or `null` for none")
    status: str | None = Field(None, description="the new status, also one that no document knows")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        del profile, now
        stage = find_stage(world, self.stage)
        stage.name = self.name or stage.name
        stage.order = stage.order if self.order is None else self.order
        stage.status = self.status or stage.status
        if self.purpose is not None:
            stage.purpose = None if self.purpose == "null" else self.purpose
        world.save(stage)
        return {"key": stage.key, "name": stage.name, "order": stage.order, "purpose": stage.purpose}


class RenameStage(Action):
    """Give a stage another name; its key stays."""

    verb = "rename-stage"
    stage: str = Field(description="stage name or key")
    name: str = Field(description="the new name")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        return ChangeStage(stage=self.stage, name=self.name).perform(world, profile, now)


class SwapNames(Action):
    """Two stages exchange their names: each key now belongs to the other name."""

    verb = "swap-names"
    stage: str = Field(description="stage name or key")
    other: str = Field(description="the other stage's name or key")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        del profile, now
        first, second = find_stage(world, self.stage), find_stage(world, self.other)
        first.name, second.name = second.name, first.name
        world.save(first)
        world.save(second)
        return {first.key: first.name, second.key: second.name}


class RenameApp(Action):
    """Give an app another name; its key stays."""

    verb = "rename-app"
    app: str = Field(description="app name or key")
    name: str = Field(description="the new name")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        del profile, now
        app = find_app(world, self.app)
        app.name = self.name
        world.save(app)
        return {"key": app.key, "name": app.name}


class ChangeClient(Action):
    """Suspend or resume an API client, give it a new secret, or change what it may do on a stage."""

    verb = "change-client"
    client: str = Field(description="client id")
    state: str | None = Field(None, description="available or suspended", pattern="^(available|suspended)$")
    secret: str | None = Field(None, description="a new secret; the old one stops working at once")
    secret_lifetime: float | None = Field(None, description="seconds of emulated time until the secret expires")
    stage: str | None = Field(None, description="the stage that `permissions` are for; left out: all stages")
    permissions: list[str] | None = Field(None, description="replaces the permissions on that stage")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        del profile
        client = find_client(world, self.client)
        client.state = self.state or client.state
        if self.secret is not None:
            client.secret_digest, client.secret_expires = digest(self.secret), None
        if self.secret_lifetime is not None:
            client.secret_expires = now + self.secret_lifetime
        if self.permissions is not None:
            key = "*" if self.stage is None else find_stage(world, self.stage).key
            client.permissions[key] = list(self.permissions)
        world.save(client)
        return {"client": client.client_id, "state": client.state}


class ChangeEntry(Action):
    """Rename an entry of a stage, give it another key or data type, or remove it."""

    verb = "change-entry"
    stage: str = Field(description="stage name or key")
    field: str = Field(description="logical field of the entry")
    name: str | None = Field(None, description="the new name")
    key: str | None = Field(None, description="the new key")
    data_type: str | None = Field(None, description="the new data type")
    remove: bool = Field(False, description="remove the entry")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        del profile, now
        stage = find_stage(world, self.stage)
        entry = find_entry([*stage.entries, *stage.app_entries], self.field, stage.name)
        for entries in (stage.entries, stage.app_entries):
            if self.remove and entry in entries:
                entries.remove(entry)
        entry.name, entry.key = self.name or entry.name, self.key or entry.key
        entry.data_type = self.data_type or entry.data_type
        world.save(stage)
        return {"stage": stage.name, "field": self.field, "key": entry.key, "name": entry.name, "removed": self.remove}


class AddEntry(Action):
    """Add an entry to a stage, for instance one that looks like another."""

    verb = "add-entry"
    stage: str = Field(description="stage name or key")
    field: str = Field(description="a logical field name of your own")
    key: str = Field(description="its key in the API")
    name: str = Field(description="its name in the API")
    description: str = Field("", description="its description")
    data_type: str = Field("Text", description="its data type")
    default: str | None = Field(None, description="its default value")
    secret: bool = Field(False, description="it is a secret")
    email: bool = Field(False, description="changing it needs the email permission")
    app_level: bool = Field(False, description="each app has its own")

    def perform(self, world: World, profile: Profile, now: float) -> dict[str, Any]:
        del profile, now
        stage = find_stage(world, self.stage)
        entry = Entry(
            self.field, self.key, self.name, self.description, self.data_type, self.default, self.secret, self.email
        )
        (stage.app_entries if self.app_level else stage.entries).append(entry)
        world.save(stage)
        return {"stage": stage.name, "field": self.field, "key": self.key}


ACTIONS: dict[str, type[Action]] = {
    action.verb: action
    for action in (
        SetValue,
        Deploy,
        Undeploy,
        ChangeStage,
        RenameStage,
        SwapNames,
        RenameApp,
        ChangeClient,
        ChangeEntry,
        AddEntry,
    )
}


def find_stage(world: World, name: str) -> Stage:
    """A stage by key or name."""
    stage = world.stages.get(name) or next((s for s in world.stages.values() if s.name == name), None)
    if stage is None:
        raise _unknown("stage", name, [s.name for s in world.stages.values()])
    return stage


def find_app(world: World, name: str) -> App:
    """An app by key or name."""
    app = _app(world, name)
    if app is None:
        raise _unknown("app", name, [a.name for a in world.apps.values()])
    return app


def find_client(world: World, name: str) -> Client:
    """An API client by its id."""
    if name not in world.clients:
        raise _unknown("API client", name, list(world.clients))
    return world.clients[name]


def find_entry(entries: list[Entry], field: str, where: str) -> Entry:
    """The entry with this logical field."""
    entry = next((e for e in entries if e.field == field), None)
    if entry is None:
        raise _unknown(f"entry of {where}", field, [e.field for e in entries])
    return entry


def entries_of(profile: Profile, stage: Stage, app: App) -> list[Entry]:
    """Everything that can be set on an app in a stage, also what the API does not show."""
    return [*stage.entries, *stage.app_entries, *catalog.sections(profile.keys, app.key).entries()]


def spelt(profile: Profile, field: str, value: str | None) -> str | None:
    """A value as a person gives it, in the profile's spelling; what is not recognised is taken as it is."""
    if value is None:
        return None
    if field == "testListActive" and value.lower() in ("true", "false"):
        return vocabulary.spelt(profile, value.lower() == "true")
    if field == "authentication" and value in ("none", "basic", "oauth2"):
        return vocabulary.authentication_value(profile, value)
    if field == "testList" and "<" not in value:
        members = [m.strip() for m in value.replace(";", ",").replace("\n", ",").split(",") if m.strip()]
        named = profile.member_format == "named"
        return profile.list_separator.join(f"{m.partition('@')[0]} <{m}>" if named else m for m in members)
    return value


def _app(world: World, name: str) -> App | None:
    return world.apps.get(name) or next((a for a in world.apps.values() if a.name == name), None)


def _unknown(kind: str, name: str, known: list[str]) -> UnknownNameError:
    return UnknownNameError(f"there is no {kind} {name!r}; known are: {', '.join(sorted(known)[:30])}")

"""The organization an emulator starts with: the default one, one from a JSON document, or a generated large one.

Keys are derived from names, so a mapping made once fits every emulator with the same profile and names.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from odc_emulator import vocabulary
from odc_emulator.identity import ALL_PERMISSIONS, VIEW_CONFIGURATIONS, VIEW_STAGE, digest
from odc_emulator.profiles import PROFILES
from odc_emulator.world import App, Client, Placement, Portfolio, Stage, StageValue, World, derived_key


class _Seed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StageSeed(_Seed):
    """A stage; `values` maps logical fields to values that are set and live from the start."""

    name: str
    purpose: str | None = "NonProduction"
    order: int
    portfolio: str = "Main"
    key: str | None = None
    values: dict[str, str] = Field(default_factory=dict)


class AppSeed(_Seed):
    """An app and the stages it is deployed on (None: all); `revisions` gives a stage another revision than 1."""

    name: str
    type: str = "WebApplication"
    key: str | None = None
    stages: list[str] | None = None
    revisions: dict[str, int] = Field(default_factory=dict)


class ClientSeed(_Seed):
    """An API client; `stages` replaces `permissions` on single stages; `secret_lifetime` in emulated seconds."""

    client_id: str
    secret: str
    permissions: list[str] = Field(default_factory=lambda: list(ALL_PERMISSIONS))
    stages: dict[str, list[str]] = Field(default_factory=dict)
    state: str = "available"
    secret_lifetime: float | None = None


class Seed(_Seed):
    """A whole organization."""

    portfolios: list[str] = Field(default_factory=lambda: ["Main"])
    stages: list[StageSeed]
    apps: list[AppSeed]
    clients: list[ClientSeed] = Field(default_factory=list)


SECRET = "emulator-secret"  # noqa: S105 - the documented secret of every client of the default seed
EMAIL_SECRET = "mailer-secret"  # noqa: S105 - of the client that a mail server's OAuth may use


def default_clients(stages: list[str]) -> list[ClientSeed]:
    """The clients of the default organization, all with the same secret but the mailer; `no-qa` only beside a QA."""
    without_email = [p for p in ALL_PERMISSIONS if p != "Manage Email SMTP configuration"]
    return [
        ClientSeed(client_id="stagemail-ci", secret=SECRET),
        ClientSeed(client_id="viewer", secret=SECRET, permissions=[VIEW_STAGE, VIEW_CONFIGURATIONS]),
        ClientSeed(client_id="no-email", secret=SECRET, permissions=without_email),
        *(ClientSeed(client_id="no-qa", secret=SECRET, stages={name: []}) for name in stages if name == "QA"),
        ClientSeed(client_id="suspended", secret=SECRET, state="suspended"),
        ClientSeed(client_id="expired", secret=SECRET, secret_lifetime=-1),
        ClientSeed(client_id="smtp-mailer", secret=EMAIL_SECRET, permissions=[]),
    ]


def default_seed() -> Seed:
    """Three stages and seven apps, of which FieldApp is not in Production."""
    return Seed(
        stages=[
            StageSeed(name="Development", purpose="Development", order=0),
            StageSeed(name="QA", purpose="NonProduction", order=1000),
            StageSeed(name="Production", purpose="Production", order=2000),
        ],
        apps=[
            AppSeed(name="CRM", revisions={"Development": 12, "QA": 11, "Production": 9}),
            AppSeed(name="Billing", revisions={"Development": 7, "QA": 7, "Production": 5}),
            AppSeed(name="Portal", revisions={"Development": 31, "QA": 30, "Production": 28}),
            AppSeed(name="PortalAdmin", revisions={"Development": 4, "QA": 4, "Production": 4}),
            AppSeed(name="FieldApp", type="MobileApplication", stages=["Development", "QA"]),
            AppSeed(name="Onboarding", type="Workflow"),
            AppSeed(name="Assistant", type="Agent"),
        ],
        clients=default_clients(["QA"]),
    )


def generated_seed(apps: int, stages: int) -> Seed:
    """`apps` web apps on each of `stages` stages, for load tests: App0001 …; Development, Stage01 …, Production."""
    middle = [f"Stage{number:02}" for number in range(1, stages - 1)]
    names = (["Development", *middle, "Production"])[-stages:] if stages > 1 else ["Production"]
    purposes = {"Development": "Development", "Production": "Production"}
    return Seed(
        stages=[
            StageSeed(name=name, purpose=purposes.get(name, "NonProduction"), order=number * 1000)
            for number, name in enumerate(names)
        ],
        apps=[AppSeed(name=f"App{number:04}") for number in range(1, apps + 1)],
        clients=default_clients(names),
    )


def seed_from(document: Any) -> Seed:
    """A seed from a parsed JSON document; `clients` left out gives the default ones."""
    seed = Seed.model_validate(document)
    if not seed.clients:
        seed.clients = default_clients([stage.name for stage in seed.stages])
    return seed


def plant(world: World, seed: Seed, now: float) -> None:
    """Fill an empty world."""
    for name in seed.portfolios:
        world.save(Portfolio(derived_key("portfolio", name), name, main=name == seed.portfolios[0]))
    stages = {}
    for each in seed.stages:
        stage = _stage(world, each, now)
        stages[each.name] = stage.key
        world.save(stage)
    for app in seed.apps:
        _plant_app(world, app, stages, now)
    for client in seed.clients:
        permissions = {"*": client.permissions} | {_key(stages, name): list(p) for name, p in client.stages.items()}
        expires = None if client.secret_lifetime is None else now + client.secret_lifetime
        world.save(Client(client.client_id, digest(client.secret), permissions, client.state, expires))


def _stage(world: World, seed: StageSeed, now: float) -> Stage:
    profile = PROFILES[world.profile]
    return Stage(
        key=seed.key or derived_key("stage", seed.name),
        name=seed.name,
        purpose=seed.purpose,
        order=seed.order,
        portfolio=derived_key("portfolio", seed.portfolio),
        entries=vocabulary.stage_entries(profile, seed.name),
        app_entries=vocabulary.app_entries(profile, seed.name),
        values={field: StageValue(value, now) for field, value in seed.values.items()},
    )


def _key(stages: dict[str, str], name: str) -> str:
    if name not in stages:
        message = f"the seed names a stage {name!r} that it does not define; it defines: {', '.join(stages)}"
        raise ValueError(message)
    return stages[name]


def _plant_app(world: World, seed: AppSeed, stages: dict[str, str], now: float) -> None:
    key = seed.key or derived_key("app", seed.name)
    world.save(App(key, seed.name, seed.type, max([1, *seed.revisions.values()])))
    for name in seed.stages if seed.stages is not None else stages:
        world.save(Placement(_key(stages, name), key, seed.revisions.get(name, 1), now))

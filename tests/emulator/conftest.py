"""Emulators and API clients for the tests; with ODC_OPENAPI_DIR set, every answer is held to the official documents."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest
from tests.emulator import openapi

from odc_emulator.seed import SECRET
from odc_emulator.server import EmulatorServer
from odc_emulator.world import derived_key

CONFIGURATIONS = "/api/asset-configurations/v1/environments"
OPERATIONS = "/api/deployments/v1/deployment-operations"


class Api:
    """An API client of an emulated organization, as stage and app names see it."""

    def __init__(self, emulator: EmulatorServer, client_id: str = "stagemail-ci", secret: str = SECRET) -> None:
        self.emulator = emulator
        hooks = {"response": [_judge]}
        self.http = httpx2.Client(base_url=emulator.url, trust_env=False, timeout=120, event_hooks=hooks)
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        endpoint = self.http.get("/identity/.well-known/openid-configuration").json()["token_endpoint"]
        self.token_answer = self.http.post(endpoint, data=form)
        if self.token_answer.status_code == 200:
            self.http.headers["Authorization"] = f"Bearer {self.token_answer.json()['access_token']}"

    def stage_path(self, stage: str) -> str:
        return f"{CONFIGURATIONS}/{derived_key('stage', stage)}/default-system-configurations"

    def app_path(self, stage: str, app: str, revision: str | None = None) -> str:
        kind = "agents" if app == "Assistant" else "applications"
        place = f"{CONFIGURATIONS}/{derived_key('stage', stage)}/{kind}/{derived_key('app', app)}"
        return f"{place}/configurations" if revision is None else f"{place}/revisions/{revision}/configurations"

    def key(self, stage: str, field: str) -> str:
        """The API's key of a logical field, found the way only the emulator can."""
        world = self.emulator._platform.world
        found = world.stages[derived_key("stage", stage)]
        return next(e.key for e in [*found.entries, *found.app_entries] if e.field == field)

    def stage_entry(self, stage: str, field: str) -> dict[str, Any]:
        key = self.key(stage, field)
        entries = self.http.get(self.stage_path(stage)).json()["systemConfigurations"]
        return next(e for e in entries if e["key"] == key)

    def app_entry(self, stage: str, app: str, field: str) -> dict[str, Any]:
        key = self.key(stage, field)
        entries = self.http.get(self.app_path(stage, app, "deployed")).json()["systemConfigurations"]
        return next(e for e in entries if e["key"] == key)

    def patch_stage(self, stage: str, **values: str | None) -> httpx2.Response:
        entries = [{"key": self.key(stage, field), "value": value} for field, value in values.items()]
        return self.http.patch(self.stage_path(stage), json={"systemConfigurations": entries})

    def patch_app(self, stage: str, app: str, **values: str | None) -> httpx2.Response:
        entries = [{"key": self.key(stage, field), "value": value} for field, value in values.items()]
        return self.http.patch(self.app_path(stage, app), json={"systemConfigurations": entries})

    def revision(self, stage: str, app: str) -> int | None:
        return self.http.get(self.app_path(stage, app, "deployed")).json().get("revisionDeployed")

    def operate(self, operation: str, stage: str, app: str, revision: int | None = None) -> httpx2.Response:
        document = {"operation": operation, "assetKey": derived_key("app", app)}
        document |= {"environmentKey": derived_key("stage", stage)} | (
            {} if revision is None else {"revision": revision}
        )
        return self.http.post(OPERATIONS, json=document)

    def apply(self, stage: str, app: str) -> str:
        """Post ApplyConfigs, let it finish, and return its status."""
        key = self.operate("ApplyConfigs", stage, app, self.revision(stage, app)).json()["key"]
        self.emulator.control.advance(21)
        return str(self.http.get(f"{OPERATIONS}/{key}").json()["status"])


def _judge(response: httpx2.Response) -> None:
    response.read()
    request = response.request
    openapi.check(request.method, request.url.path, response.status_code, response.content)


@pytest.fixture
def start() -> Iterator[Callable[..., EmulatorServer]]:
    """Start an emulator without limits (unless asked for) that ends with the test."""
    with ExitStack() as stack:

        def starter(profile: str = "guid-pending", **options: Any) -> EmulatorServer:
            return stack.enter_context(EmulatorServer(profile, **({"limits": False} | options)))

        yield starter


@pytest.fixture
def connect() -> Iterator[Callable[..., Api]]:
    """Connect an API client that is closed with the test."""
    with ExitStack() as stack:

        def connector(emulator: EmulatorServer, client_id: str = "stagemail-ci", **options: Any) -> Api:
            api = Api(emulator, client_id, **options)
            stack.callback(api.http.close)
            return api

        yield connector


@pytest.fixture
def api(start: Callable[..., EmulatorServer], connect: Callable[..., Api]) -> Api:
    """A client with every permission on an emulator with the default profile."""
    return connect(start())

"""A stage of some platform under test: the target, and what people and bad luck do to the platform.

One bench per adapter: the platform in memory, and ODC as emulated under each profile. A test gets a stage of its own.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from typing import Any, Protocol

from tests.contract.odc_clock import ScaledClock
from tests.unit.target.clocks import FakeClock

from odc_emulator.profiles import PROFILES
from odc_emulator.seed import AppSeed, ClientSeed, Seed, StageSeed
from odc_emulator.server import EmulatorServer
from stagemail.document import read
from stagemail.document.writing import write as dump
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.inventory import App, StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.run import Operation, Outcome
from stagemail.model.secret import Secret
from stagemail.ports import Target
from stagemail.target.memory import MemoryTarget
from stagemail.target.odc.credentials import Credentials
from stagemail.target.odc.discovery import OdcDiscovery
from stagemail.target.odc.mapping import OdcMapping
from stagemail.target.odc.target import Connection, OdcSettings, OdcTarget, build, connect

SPEED = 100.0
STAGES = 64
SECRET = "emulator-secret"


class Bench(Protocol):
    """One stage, ``qa`` for us, with the apps CRM, Billing and FieldApp (mobile), and the workflow Onboarding."""

    target: Target
    stage_live: bool
    """Whether a stage's new value runs in its apps at once."""
    lists: bool
    """Whether test lists can be set."""
    names: bool
    """Whether test lists keep display names."""

    def key(self, app: str | None = None) -> Key: ...
    def set(self, field: str, value: Any, app: str | None = None, *, pending: bool = False) -> None: ...
    def leave_pending(self, app: str) -> None: ...
    def lose(self, *, after: bool) -> None: ...
    def refuse_activation(self, message: str) -> None: ...
    def undeploy(self, app: str) -> None: ...
    def holds(self, field: str, text: str, app: str) -> bool: ...
    def read_only(self) -> Target: ...
    def writes(self) -> int: ...
    def close(self) -> None: ...


def settled(bench: Bench, operations: Sequence[Operation]) -> dict[Operation, Outcome]:
    """Poll until everything is over; bounded."""
    end = time.monotonic() + 120
    over: dict[Operation, Outcome] = {}
    while time.monotonic() < end:
        answers = bench.target.poll([operation for operation in operations if operation not in over])
        over |= {operation: outcome for operation, outcome in answers.items() if outcome is not None}
        if len(over) == len(operations):
            return over
        time.sleep(0.01)
    raise AssertionError(f"still running: {operations}")


class MemoryBench:
    """The platform in memory."""

    lists = names = True

    def __init__(self, *, stage_live: bool) -> None:
        self.stage_live = stage_live
        self._clock = FakeClock()
        self._platform = self.target = MemoryTarget(self._clock, stage_writes="live" if stage_live else "pending")
        self._stage = self._platform.add_stage("qa", StageIdentity("stage-qa", "QA", "non-production"))
        types = {"CRM": "WebApplication", "Billing": "WebApplication", "FieldApp": "MobileApplication"}
        for name, kind in types.items():
            self._platform.add_app("qa", App(name, f"app-{name}", kind, 1))
        self._platform.add_app("qa", App("Onboarding", "app-Onboarding", "Workflow", 1, bindable=False))

    def key(self, app: str | None = None) -> Key:
        return Key("qa", BINDING, f"app-{app}") if app else self._stage

    def set(self, field: str, value: Any, app: str | None = None, *, pending: bool = False) -> None:
        self._platform.set(self.key(app), field, value, pending=pending)

    def leave_pending(self, app: str) -> None:
        self._platform.leave_pending(self.key(app), "settings: ApiUrl")

    def lose(self, *, after: bool) -> None:
        self._platform.faults.append("lost-after" if after else "lost-before")

    def refuse_activation(self, message: str) -> None:
        self._platform.failures.append(message)

    def undeploy(self, app: str) -> None:
        self._platform.remove_app(self.key(app))

    def holds(self, field: str, text: str, app: str) -> bool:
        return self._platform.holds(self.key(app), field, text)

    def read_only(self) -> Target:
        target = MemoryTarget(self._clock, read_only=True)
        target.add_stage("qa", StageIdentity("stage-qa", "QA", "non-production"))
        target.add_app("qa", App("CRM", "app-CRM", "WebApplication", 1))
        return target

    def writes(self) -> int:
        return len(self._platform.ledger)

    def close(self) -> None:
        return None


class Emulators:
    """One running emulator per profile, started when first asked for, each with a stage for every test."""

    def __init__(self) -> None:
        self._running: dict[str, EmulatorServer] = {}
        self._next: dict[str, Iterator[int]] = {}
        self.executor = ThreadPoolExecutor(8)

    def of(self, profile: str) -> EmulatorServer:
        if profile not in self._running:
            emulator = EmulatorServer(profile, speed=SPEED, limits=False, seed=_seed(), operation_seconds=5)
            self._running[profile] = emulator.__enter__()
        return self._running[profile]

    def stage(self, profile: str) -> str:
        """One that no test has seen."""
        number = next(self._next.setdefault(profile, count()))
        assert number < STAGES, "more tests than stages: raise STAGES"
        return f"T{number:02}"

    def close(self) -> None:
        self.executor.shutdown()
        for emulator in self._running.values():
            emulator.__exit__(None, None, None)


VIEW = ["View stage", "View configurations"]
CLIENTS = [
    ClientSeed(client_id="stagemail-ci", secret=SECRET),
    ClientSeed(client_id="changing", secret=SECRET),
    ClientSeed(client_id="viewer", secret=SECRET, permissions=VIEW),
    ClientSeed(client_id="no-email", secret=SECRET, permissions=[*VIEW, "Edit configurations", "Deploy assets"]),
    ClientSeed(client_id="not-lonely", secret=SECRET, stages={"Lonely": []}),
    ClientSeed(client_id="suspended", secret=SECRET, state="suspended"),
    ClientSeed(client_id="expired", secret=SECRET, secret_lifetime=-1),
]


def _seed() -> Seed:
    stages = [StageSeed(name=f"T{number:02}", order=number) for number in range(STAGES)]
    apps = [
        AppSeed(name="CRM", revisions={f"T{number:02}": 3 for number in range(STAGES)}),
        AppSeed(name="Billing"),
        AppSeed(name="FieldApp", type="MobileApplication"),
        AppSeed(name="Onboarding", type="Workflow"),
        AppSeed(name="Assistant", type="Agent"),
    ]
    return Seed(stages=[*stages, StageSeed(name="Lonely", order=999)], apps=apps, clients=CLIENTS)


FIELDS = {
    email.HOST: "host",
    email.PORT: "port",
    email.SECURITY: "security",
    email.AUTH_TYPE: "authentication",
    email.USERNAME: "username",
    email.PASSWORD: "password",
    email.SENDER_NAME: "senderName",
    email.SENDER_ADDRESS: "senderAddress",
    email.TEST_LIST: "testList",
    email.RECIPIENTS_MODE: "testListActive",
}


class OdcBench:
    """ODC, emulated under one profile. The mapping is discovered, as an admin would have it."""

    def __init__(self, emulators: Emulators, profile: str) -> None:
        known = PROFILES[profile]
        self.stage_live = known.stage_patch_propagates
        self.lists = known.test_list_in_api
        self.names = known.member_format == "named"
        self.emulator = emulators.of(profile)
        self.control = self.emulator.control
        self.profile = known
        self.name = emulators.stage(profile)
        self._executor = emulators.executor
        now = datetime.fromisoformat(self.control.health()["now"])
        self.clock = ScaledClock(now, SPEED)
        self._connections: list[Connection] = []
        if self.lists:
            self.set(email.TEST_LIST, ("someone@example.com", "somebody@example.com"), "Billing")
        self.set(email.SENDER_NAME, "Before")
        try:
            self.mapping = self.discovered()
        except Exception:
            self.close()
            raise
        self.target = self.as_client()
        self.set(email.SENDER_NAME, None)

    def discovered(self, existing: OdcMapping | None = None, unsupported: Sequence[str] = ()) -> OdcMapping:
        discovery = OdcDiscovery(self.connect(), existing, dump)
        text = discovery.write_mapping(discovery.discover(["qa"]))
        return parsed(text)

    def connect(self, client: str = "stagemail-ci", **settings: Any) -> Connection:
        secret: Callable[[], Secret] = lambda: Secret(SECRET)  # noqa: E731
        stages = settings.pop("stages", {"qa": self.name})
        connection = connect(
            OdcSettings(self.emulator.url, stages, **settings), Credentials(client, secret), self.clock
        )
        self._connections.append(connection)
        return connection

    def as_client(self, client: str = "stagemail-ci", **settings: Any) -> OdcTarget:
        return build(self.connect(client, **settings), self.mapping, self._executor)

    def key(self, app: str | None = None) -> Key:
        inventory = self.target.inventory("qa")
        if app is None:
            return Key("qa", CONFIGURATION, inventory.stage.key)
        return Key("qa", BINDING, next(each.key for each in inventory.apps if each.name == app))

    def set(self, field: str, value: Any, app: str | None = None, *, pending: bool = False) -> None:
        self.control.set(self.name, FIELDS[field], _typed(value), app, pending=pending)

    def leave_pending(self, app: str) -> None:
        self.control.set(self.name, "settings/ApiUrl", "https://other.example.com", app, pending=True)

    def lose(self, *, after: bool) -> None:
        for method in ("PATCH", "POST"):
            self.control.fault("drop-after" if after else "drop-before", method=method, path="/api/", times=1)

    def refuse_activation(self, message: str) -> None:
        self.control.fault("apply-error", method="POST", path="/deployment-operations", message=message)

    def undeploy(self, app: str) -> None:
        self.control.undeploy(self.name, app)

    def holds(self, field: str, text: str, app: str) -> bool:
        return self.control.secret_equals(self.name, FIELDS[field], text, app)

    def read_only(self) -> Target:
        return self.as_client(read_only=True)

    def writes(self) -> int:
        return len(self.control.ledger())

    def close(self) -> None:
        self.control.clear_faults()
        for connection in self._connections:
            connection.api.close()


def parsed(text: str) -> OdcMapping:
    """The mapping in a file's text, read as strictly as every document."""
    documents, problems = read(text.encode(), "odc-mapping.yaml")
    assert problems == ()
    return OdcMapping.parse(documents[0].value, "odc-mapping.yaml")


def _typed(value: Value | Secret) -> str | None:
    """What a person types into the portal."""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, Secret):
        return value.reveal()
    if value in (email.TEST_LIST_MODE, email.SET_IN_APP):
        return "true" if value == email.TEST_LIST_MODE else "false"
    return None if value is None else str(value)


ADAPTERS = ("memory-live", "memory-pending", *PROFILES)


def bench_of(adapter: str, emulators: Emulators) -> Bench:
    if adapter.startswith("memory"):
        return MemoryBench(stage_live=adapter == "memory-live")
    return OdcBench(emulators, adapter)

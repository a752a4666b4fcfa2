"""A stage of three apps on the reference platform, and everything a reconcile needs around it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from stagemail.mail.memory import MemoryProbe
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.grant import Grant
from stagemail.model.inventory import App, StageIdentity
from stagemail.model.key import Key
from stagemail.model.location import Place
from stagemail.model.policy import Policy
from stagemail.model.revision import Loaded, Revision
from stagemail.model.secret import SecretRef
from stagemail.model.selector import Selector
from stagemail.model.snapshot import Binding, Configuration, Desired
from stagemail.model.waiver import Waiver
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.request import Request
from stagemail.reconcile.world import World
from stagemail.record.memory import MemoryRecord
from stagemail.secret.memory import MemoryStore
from stagemail.target.memory import MemoryTarget

PASSWORD = SecretRef("vault", "SMTP_QA")


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds


@dataclass
class House:
    """The stage ``qa`` with CRM, Billing and Portal, its platform, record and secrets."""

    clock: FakeClock = field(default_factory=FakeClock)
    stage_writes: str = "pending"
    automatic: bool = False
    fields: dict[str, Value] = field(default_factory=dict)
    bindings: dict[str, dict[str, Value]] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    revision: str = "a" * 40
    configured: bool = True
    evidence: bool = True
    probe: MemoryProbe | None = None
    policy: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.record = MemoryRecord(b"k" * 32)
        self.store = MemoryStore({"SMTP_QA": "first-password"})
        self.target = MemoryTarget(self.clock, stage_writes=self.stage_writes, evidence=self.evidence)  # type: ignore[arg-type]
        self.key = self.target.add_stage("qa", StageIdentity("env-qa", "QA", "non-production"))
        self.apps = {
            name: self.target.add_app("qa", App(name, f"app-{name.lower()}", "WebApplication", 1))
            for name in ("CRM", "Billing", "Portal")
        }
        self.fields = {
            email.HOST: "smtp.example.com",
            email.PORT: 587,
            email.SECURITY: "starttls",
            email.AUTH_TYPE: "basic",
            email.USERNAME: "mailer",
            email.PASSWORD: PASSWORD,
            email.SENDER_ADDRESS: "no-reply@example.com",
            email.RECIPIENTS_MODE: "test-list",
            email.TEST_LIST: ("qa@example.com",),
        }
        self.bindings = {"CRM": {}, "Billing": {}}
        self._ids = count(1)
        self._granted: tuple[str, ...] = ()

    def desired(self) -> Desired:
        return self.desired_as("qa")

    def desired_as(self, stage: str) -> Desired:
        place = Place(f"environments/{stage}/email.yaml")
        return Desired(
            stage,
            Configuration("relay", dict(self.fields), place) if self.configured else None,
            tuple(
                Binding(name.lower(), (Selector(name),), (), fields, place) for name, fields in self.bindings.items()
            ),
            self.waivers,
        )

    def request(self) -> Request:
        loaded = Loaded(Revision(self.revision), {"qa": self.desired()})
        policy = Policy("qa", "non-production", **{"automated": True, "automatic": self.automatic, **self.policy})
        return Request("qa", loaded, policy)

    def world(self, owner: str = "test") -> World:
        """A fresh run: credentials live as long as one."""
        granted = ("smtp.example.com:587", "smtp.example.com:25", *self._granted)
        grants = [Grant(("qa",), "vault", "SMTP_*", granted)]
        return World(
            target=self.target,
            target_name="memory",
            record=self.record,
            leases=self.record,
            standings=self.record,
            credentials=Credentials({"vault": self.store}, grants, b"k" * 32, None),
            clock=self.clock,
            new_id=lambda: f"run-{next(self._ids)}",
            scope="organization",
            owner=owner,
            actor="tester",
            probe=self.probe,
        )

    def grant_more(self, *destinations: str) -> None:
        """Let the stage's secrets go to these destinations, too."""
        self._granted += destinations

    def live(self, app: str, name: str) -> Value:
        """What runs in an app."""
        return self.observed(self.apps[app]).fields[name].live

    def observed(self, key: Key):  # type: ignore[no-untyped-def]
        return self.target.observe("qa", (key,)).resources[0]


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def make_house() -> Callable[..., House]:
    return House


@pytest.fixture
def waive() -> Callable[..., Waiver]:
    def build(allow: str, to: str, *apps: str) -> Waiver:
        return Waiver("w", allow, to, "CHG-1", tuple(Selector(app) for app in apps))

    return build


__all__ = ["replace"]

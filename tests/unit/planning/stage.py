"""A stage to plan in tests: three sides that each test states, and everything else as usual."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stagemail.model import email
from stagemail.model.field import Fields, Value
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.location import Place
from stagemail.model.plan import Plan
from stagemail.model.policy import Policy
from stagemail.model.secret import Masked, SecretRef, SecretState
from stagemail.model.selector import Selector
from stagemail.model.snapshot import (
    Applied,
    AppliedField,
    AppliedResource,
    Binding,
    Capabilities,
    Configuration,
    Desired,
    Observed,
    ObservedField,
    ObservedResource,
)
from stagemail.model.step import Step
from stagemail.model.waiver import Waiver
from stagemail.planning import Situation, plan_stage
from stagemail.target.canonical import canonical

STAGE = "qa"
IDENTITY = StageIdentity("env-qa", "QA", "non-production")
STAGE_KEY = Key(STAGE, CONFIGURATION, "env-qa")
USUAL = Policy(STAGE, "non-production")
REF = SecretRef("env", "SMTP_QA")
OLD = SecretState("env:SMTP_QA", "7", "f" * 64)
NEW = SecretState("env:SMTP_QA", "8", "e" * 64)
UNREAD = SecretState("env:SMTP_QA")
OURS = ("qa@example.com",)
LIST: dict[str, Value] = {email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: OURS}
REAL: dict[str, Value] = {email.RECIPIENTS_MODE: "set-in-app"}
SERVER: dict[str, Value] = {email.HOST: "smtp.example.com", email.PORT: 587, email.SECURITY: "starttls"}
BASIC: dict[str, Value] = {email.AUTH_TYPE: "basic", email.USERNAME: "mailer", email.PASSWORD: REF}
STAGE_LEVEL = frozenset(name for name, spec in email.SPECS.items() if spec.unit != email.RECIPIENTS)
APP_LEVEL = frozenset(email.SPECS) - STAGE_LEVEL
SETS = Capabilities({CONFIGURATION: dict.fromkeys(STAGE_LEVEL, "sets"), BINDING: dict.fromkeys(APP_LEVEL, "sets")})


def same(name: str, one: Value, other: Value) -> bool:
    return canonical(name, one) == canonical(name, other)


def app_key(name: str) -> Key:
    return Key(STAGE, BINDING, f"key-{name.lower()}")


def app(name: str, /, **more: object) -> App:
    return replace(App(name, f"key-{name.lower()}", "WebApplication", 1), **more)  # type: ignore[arg-type]


def binding(*apps: str, name: str = "apps", excluded: tuple[str, ...] = (), fields: Fields | None = None) -> Binding:
    selectors = tuple(map(Selector, apps))
    return Binding(name, selectors, tuple(map(Selector, excluded)), fields or {}, Place(f"{name}.yaml"))


def waive(allow: str, to: str, *apps: str, name: str = "w", expires: str = "") -> Waiver:
    return Waiver(name, allow, to, "CHG-1", tuple(map(Selector, apps)), expires)


def shown(value: Value | ObservedField) -> ObservedField:
    """As a platform shows it: a value that runs; a secret only as being there."""
    if isinstance(value, ObservedField):
        return value
    seen: Value = Masked(present=True) if isinstance(value, SecretRef | SecretState) else value
    return ObservedField(seen, seen)


def pending(value: Value, live: Value) -> ObservedField:
    return ObservedField(value, live, pending=True)


def by_default(value: Value) -> ObservedField:
    return ObservedField(value, value, is_default=True)


def kept(value: Value | AppliedField) -> AppliedField:
    return value if isinstance(value, AppliedField) else AppliedField(OLD if isinstance(value, SecretRef) else value)


@dataclass
class Stage:
    """What Git wants, what the platform shows and what we applied: of the configuration (``want``, ``has``, ``known``)
    and of apps by name (``binds``, ``app_has``, ``app_known``). None: not there at all."""

    want: Fields | None = None
    has: Mapping[str, Value | ObservedField] = field(default_factory=dict)
    known: Mapping[str, Value | AppliedField] | None = None
    binds: tuple[Binding, ...] = ()
    apps: tuple[App, ...] = ()
    ahead: tuple[App, ...] = ()
    app_has: Mapping[str, Mapping[str, Value | ObservedField]] = field(default_factory=dict)
    app_known: Mapping[str, Mapping[str, Value | AppliedField]] = field(default_factory=dict)
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    policy: Policy = USUAL
    identity: StageIdentity = IDENTITY
    was: StageIdentity | None = IDENTITY
    secrets: Mapping[SecretRef, SecretState] = field(default_factory=lambda: {REF: OLD})
    capabilities: Capabilities = SETS
    unseen: frozenset[Key] = frozenset()

    def situation(self) -> Situation:
        configuration = None if self.want is None else Configuration("relay", self.want, Place("email.yaml"))
        resources = [ObservedResource(STAGE_KEY, "QA", {n: shown(v) for n, v in self.has.items()})]
        for found in (*self.apps, *self.ahead):
            fields = {name: shown(value) for name, value in self.app_has.get(found.name, {}).items()}
            foreign = self.foreign.get(found.name, ())
            resources.append(ObservedResource(Key(STAGE, BINDING, found.key), found.name, fields, foreign))
        records = [] if self.known is None else [self._record(STAGE_KEY, STAGE, self.known)]
        records += [self._record(app_key(name), name, fields) for name, fields in self.app_known.items()]
        return Situation(
            desired=Desired(STAGE, configuration, self.binds, self.waivers),
            inventory=Inventory(self.identity, self.apps, self.ahead),
            observed=Observed(STAGE, self.identity, tuple(r for r in resources if r.key not in self.unseen)),
            applied=Applied(STAGE, self.was, tuple(sorted(records, key=lambda r: r.key))),
            capabilities=self.capabilities,
            policy=self.policy,
            specs=email.SPECS,
            same=same,
            revision="a" * 40,
            target="memory",
            secrets=self.secrets,
        )

    @staticmethod
    def _record(key: Key, label: str, fields: Mapping[str, Value | AppliedField]) -> AppliedResource:
        return AppliedResource(key, label, {name: kept(value) for name, value in fields.items()})

    def plan(self) -> Plan:
        return plan_stage(self.situation())[0]

    def write(self, key: Key = STAGE_KEY, unit: str = "") -> Step:
        """The one write of a resource (of one unit of it)."""
        found = [s for s in self.plan().steps if s.action == "write" and s.key == key and unit in s.unit]
        assert len(found) == 1, found
        return found[0]


def cases(step: Step) -> dict[str, str]:
    return {change.field: change.case for change in step.changes}


def kinds(step: Step) -> dict[str, str]:
    """The hazards of a step: kind and value."""
    return {hazard.kind: hazard.to for hazard in step.hazards}


def held(step: Step) -> set[str]:
    return {hazard.kind for hazard in step.held}


def notes(plan: Plan, kind: str) -> list[str]:
    return [note.subject for note in plan.notes if note.kind == kind]


def steps(plan: Plan, action: str) -> list[Step]:
    return [step for step in plan.steps if step.action == action]

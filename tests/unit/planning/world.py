"""A stage on the reference platform with its history: what people did there, what was planned, what was applied.

Applies a plan as ``reconcile.apply`` does, without journal, lease and faults, so that the laws of planning can be
checked on what really becomes of a platform.
"""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Literal

from tests.unit.planning.stage import IDENTITY, SETS, STAGE, STAGE_KEY, USUAL, same
from tests.unit.target.clocks import FakeClock

from stagemail.model import email
from stagemail.model.field import Fields, Value
from stagemail.model.inventory import App
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.location import Place
from stagemail.model.plan import Plan
from stagemail.model.policy import Policy
from stagemail.model.secret import Secret, SecretRef, SecretState
from stagemail.model.snapshot import (
    Applied,
    AppliedField,
    AppliedResource,
    Binding,
    Configuration,
    Desired,
    ObservedResource,
)
from stagemail.model.step import Step
from stagemail.planning import Situation, keys_to_observe, plan_stage
from stagemail.planning.activation import pending_of
from stagemail.target.memory import MemoryTarget

When = Literal["live", "pending"]
APPS = ("A", "B", "C")


@dataclass
class Wish:
    """What Git wants: a configuration or none, bindings, and what the stores hold."""

    fields: Fields | None = None
    binds: tuple[Binding, ...] = ()
    secrets: dict[SecretRef, str] = field(default_factory=dict)

    def desired(self) -> Desired:
        configuration = None if self.fields is None else Configuration("relay", self.fields, Place("email.yaml"))
        return Desired(STAGE, configuration, self.binds)


class World:
    """The platform, our record, and how to bring the one to what Git wants."""

    def __init__(self, stage_writes: When, app_writes: When, *, evidence: bool) -> None:
        self.target = MemoryTarget(FakeClock(), stage_writes=stage_writes, app_writes=app_writes, evidence=evidence)
        self.target.add_stage(STAGE, IDENTITY)
        self.keys = {name: self.target.add_app(STAGE, App(name, f"key-{name}", "WebApplication", 1)) for name in APPS}
        self.applied: dict[Key, AppliedResource] = {}

    def situation(self, wish: Wish, policy: Policy = USUAL) -> Situation:
        inventory = self.target.inventory(STAGE)
        desired = wish.desired()
        keys = keys_to_observe(desired, inventory, every_app=True)
        return Situation(
            desired=desired,
            inventory=inventory,
            observed=self.target.observe(STAGE, {*keys, STAGE_KEY}),  # type: ignore[arg-type]
            applied=Applied(STAGE, IDENTITY, tuple(self.applied[key] for key in sorted(self.applied))),
            capabilities=SETS,
            policy=policy,
            specs=email.SPECS,
            same=same,
            revision="a" * 40,
            target="memory",
            secrets={ref: state_of(ref, text) for ref, text in wish.secrets.items()},
        )

    def plan(self, wish: Wish, policy: Policy = USUAL) -> Plan:
        return plan_stage(self.situation(wish, policy))[0]

    def apply(self, wish: Wish, plan: Plan) -> None:
        """Do all that may be done, as ``reconcile.apply`` does it."""
        self.applied.update({resource.key: resource for resource in plan.adopt})
        for step in plan.runnable:
            if step.action == "write":
                self._write(step, wish)
            elif step.action == "activate":
                self._activate(step, wish)
            else:
                del self.applied[step.key]
        self._refresh_evidence()

    def _write(self, step: Step, wish: Wish) -> None:
        by_field = wish.fields or {}
        refs = {name: ref for name, ref in by_field.items() if isinstance(ref, SecretRef)}
        sent = {change.field for change in step.changes}
        self.target.begin(step, {name: Secret(wish.secrets[ref]) for name, ref in refs.items() if name in sent})
        old = self.applied.get(step.key)
        fields = dict(old.fields) if old else {}
        fields.update({change.field: AppliedField(change.after) for change in step.changes})
        wanted = self.wanted(wish, step.key)
        kept = {name: value for name, value in fields.items() if name in wanted}
        self.applied[step.key] = AppliedResource(step.key, step.label, kept)

    def _activate(self, step: Step, wish: Wish) -> None:
        seen = self.see(step.key)
        fields = {
            name: state_of(value, wish.secrets[value]) if isinstance(value, SecretRef) else value
            for name, value in {**self.wanted(wish, STAGE_KEY), **self.wanted(wish, step.key)}.items()
        }
        if pending_of(seen, fields, self.applied.get(STAGE_KEY), same).ours:
            self.target.begin(step, {})

    def _refresh_evidence(self) -> None:
        known = self.applied.get(STAGE_KEY)
        if known is None:
            return
        seen = self.see(STAGE_KEY).fields
        fields = {
            name: replace(value, evidence=seen[name].evidence) if email.SPECS[name].secret and value.verified else value
            for name, value in known.fields.items()
        }
        self.applied[STAGE_KEY] = replace(known, fields=fields)

    def see(self, key: Key) -> ObservedResource:
        return self.target.observe(STAGE, [key]).resources[0]

    def wanted(self, wish: Wish, key: Key) -> dict[str, Value]:
        """What Git wants of this key, without any of planning's own code: the first binding that names the app."""
        if key.kind == CONFIGURATION:
            return {n: v for n, v in (wish.fields or {}).items() if SETS.of(CONFIGURATION, n) == "sets"}
        name = next(app for app, known in self.keys.items() if known == key)
        found = [bound for bound in wish.binds if any(selector.text == name for selector in bound.apps)]
        fields = (found[0].fields or wish.fields or {}) if found else {}
        return {n: v for n, v in fields.items() if SETS.of(BINDING, n) == "sets"}

    def caught(self) -> set[str]:
        """The apps whose mail a test list catches now."""
        live = {name: self.see(key).fields[email.RECIPIENTS_MODE].live for name, key in self.keys.items()}
        return {name for name, mode in live.items() if mode == "test-list"}


def state_of(ref: SecretRef, text: str) -> SecretState:
    return SecretState(str(ref), "", sha256(text.encode()).hexdigest())

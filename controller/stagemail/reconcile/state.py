"""What one apply knows while it works: what it read last, what it has applied, what Git wants by key."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from stagemail.dataclass import dataclass
from stagemail.model.field import Value
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.plan import Plan
from stagemail.model.snapshot import AppliedResource, ObservedResource, Resource
from stagemail.planning import Situation
from stagemail.planning.activation import Pending, pending_of
from stagemail.reconcile.liveness import due_in, not_live


@dataclass(slots=True)
class State:
    """Mutable on purpose: it is the run's notebook, and never leaves it."""

    plan: Plan
    situation: Situation
    wanted: Mapping[Key, Resource]
    applied: dict[Key, AppliedResource]
    seen: dict[Key, ObservedResource]
    fresh: set[Key] = field(default_factory=set)
    """What was read after the last write that touches it."""

    @property
    def stage_key(self) -> Key:
        """The key of the stage's own settings."""
        return Key(self.plan.stage, CONFIGURATION, self.plan.identity.key)

    def saw(self, resources: Iterable[ObservedResource]) -> None:
        """Remember what was just read."""
        for resource in resources:
            self.seen[resource.key] = resource
            self.fresh.add(resource.key)

    def wrote(self, key: Key) -> None:
        """What was read before is not what is there now; a stage's settings reach every app."""
        self.fresh = set() if key.kind == CONFIGURATION else self.fresh - {key}

    def fields(self, key: Key) -> dict[str, Value]:
        """What Git wants to be live in this app: the stage's settings and its own."""
        stage = self.wanted.get(self.stage_key)
        own = self.wanted.get(key)
        return {**(stage.fields if stage else {}), **(own.fields if own else {})}

    def pending(self, key: Key) -> Pending:
        """What is pending on this app, by the last read."""
        return pending_of(self.seen.get(key), self.fields(key), self.applied.get(self.stage_key), self.situation.same)

    def not_live(self, key: Key, *, own_only: bool = False) -> tuple[str, ...]:
        """The fields of this app that run with another value than was applied, by the last read.

        ``own_only`` leaves the stage's settings out, for the phases in which they are not due yet.
        """
        seen = self.seen.get(key)
        due = due_in(self.applied, *((key,) if own_only else (self.stage_key, key)))
        return not_live(seen, due, self.situation.same, self.situation.specs) if seen else ()

    def left_alone(self, key: Key) -> frozenset[str]:
        """The fields of this app, and of its stage, whose drift this run tells and does not heal."""
        steps = [step for step in self.plan.steps if step.key in (self.stage_key, key) and not step.runnable]
        return frozenset(change.field for step in steps for change in step.changes if change.case == "drift")

    def has_due(self, key: Key) -> bool:
        """Whether anything was applied that must run in this app."""
        return bool(due_in(self.applied, self.stage_key, key))

    def app_keys(self) -> tuple[Key, ...]:
        """Every app that can be bound."""
        apps = self.situation.inventory.apps
        return tuple(Key(self.plan.stage, BINDING, app.key) for app in apps if app.bindable)

"""The reference Target: stages, apps and fields in a dictionary, with a platform's semantics and none of its network.

Product code: unit tests and Hypothesis laws stand on it, and the contract suite holds every other target to it.
Not here: durability, permissions per stage, rate limits (a real platform's business).
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Final, Literal

from stagemail.errors import NotFound, OutcomeUnknown, ReadOnly, StagemailError, UsageError
from stagemail.model import email
from stagemail.model.field import Support, Value
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.run import Operation, Outcome
from stagemail.model.secret import Secret
from stagemail.model.snapshot import Capabilities, Desired, Observed, ObservedResource
from stagemail.model.step import Step
from stagemail.ports import Check, Clock
from stagemail.target.canonical import canonical, same
from stagemail.target.memory_state import APP_FIELDS, DEFAULTS, STAGE_FIELDS, Activation, Stage, Stored, Values, plain

Fault = Literal["lost-before", "lost-after", "ignored"]
"""What happens to the next write: its answer is lost before or after it was taken, or it is answered and not taken."""

_SETS: Final[Mapping[str, Mapping[str, Support]]] = {
    CONFIGURATION: dict.fromkeys(STAGE_FIELDS, "sets"),
    BINDING: dict.fromkeys(APP_FIELDS, "sets"),
}
_SKEW: Final = timedelta(seconds=5)


class MemoryTarget:
    """A platform in memory. Thread-safe.

    ``stage_writes``: whether a stage's new value runs in its apps at once, or in each after its activation.
    ``app_writes``: the same for an app's own fields. ``evidence``: whether a counter tells of each write.
    ``polls``: how often an activation is asked for before it is done; above 1 it takes effect only then.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        stage_writes: Literal["live", "pending"] = "live",
        app_writes: Literal["live", "pending"] = "pending",
        evidence: bool = True,
        polls: int = 1,
        read_only: bool = False,
        capabilities: Capabilities | None = None,
    ) -> None:
        self._clock = clock
        self._live_at_once = {CONFIGURATION: stage_writes == "live", BINDING: app_writes == "live"}
        self._evidence = evidence
        self._polls = polls
        self._capabilities = capabilities or Capabilities(support=_SETS)
        self._stages: dict[str, Stage] = {}
        self._activations: dict[str, Activation] = {}
        self._answered: set[str] = set()
        """Ids of activations that were given to the caller, so that none is taken for a lost one."""
        self._lock = threading.RLock()
        self.read_only = read_only
        self.faults: deque[Fault | StagemailError] = deque()
        """What happens to the next calls of ``begin``, one each."""
        self.failures: deque[str] = deque()
        """Messages with which the next activations fail, one each."""
        self.ledger: list[tuple[Key, str, tuple[str, ...]]] = []
        """Every write that was taken: key, action and the fields (for an activation: all that it made live)."""

    # The port

    def check(self, desired: Desired) -> Check:  # noqa: ARG002 - nothing that can be desired is refused here
        """Everything can be set, unless other capabilities were given."""
        return Check(self._capabilities, same=same)

    def inventory(self, stage: str) -> Inventory:
        """The stage and its apps."""
        with self._lock:
            found = self._stage(stage)
            return Inventory(found.identity, tuple(sorted(found.apps.values())))

    def observe(self, stage: str, keys: Sequence[Key]) -> Observed:
        """What is set and what runs, for the keys that are there."""
        with self._lock:
            found = self._stage(stage)
            seen = (self._resource(found, key) for key in sorted(set(keys)))
            return Observed(stage, found.identity, tuple(resource for resource in seen if resource))

    def begin(self, step: Step, secrets: Mapping[str, Secret]) -> Operation:
        """Take one step, or do what the next fault says."""
        if self.read_only:
            raise ReadOnly(f"{step.label}: the target is read-only, nothing was sent", hint="set `readOnly: false`")
        if step.action == "unmanage":
            raise UsageError(f"{step.label}: unmanage is not sent to a platform")
        with self._lock:
            values = self._values(step.key)
            fault = self.faults.popleft() if self.faults else None
            if isinstance(fault, StagemailError):
                raise fault
            operation = Operation(step.key, step.action, self._clock.now())
            if fault in (None, "lost-after"):
                operation = self._take(step, values, secrets, operation)
            if fault in ("lost-before", "lost-after"):
                raise OutcomeUnknown(f"{step.label}: the {step.action} was sent and its answer never came")
            self._answered.add(operation.id)
            return operation

    def poll(self, operations: Sequence[Operation]) -> Mapping[Operation, Outcome | None]:
        """The outcomes; every call brings running activations one step nearer to their end."""
        with self._lock:
            return {operation: self._outcome(operation) for operation in operations}

    def stamp(self, stage: str) -> str:
        """See ``wiring.plugins.Stamped``."""
        with self._lock:
            found = self._stage(stage)
            keys = [Key(stage, CONFIGURATION, found.identity.key), *(Key(stage, BINDING, key) for key in found.bound)]
            told = repr((self.inventory(stage), self.observe(stage, keys)))
        return sha256(told.encode(errors="surrogatepass")).hexdigest()

    # What a person or another program does to the platform

    def add_stage(self, stage: str, identity: StageIdentity, values: Mapping[str, Stored] | None = None) -> Key:
        """A stage with what is set in it; gives the key of its configuration."""
        with self._lock:
            self._stages[stage] = Stage(identity, Values.of(values or {}))
        return Key(stage, CONFIGURATION, identity.key)

    def add_app(self, stage: str, app: App, values: Mapping[str, Stored] | None = None) -> Key:
        """Deploy an app, or a new revision of it; all that is set runs in it. Gives the key of its binding."""
        with self._lock:
            found = self._stage(stage)
            found.apps[app.key] = app
            own = found.bound.setdefault(app.key, Values())
            for name, value in (values or {}).items():
                own.put(name, value)
            found.make_live(own)
        return Key(stage, BINDING, app.key)

    def remove_app(self, key: Key) -> None:
        """Undeploy an app."""
        with self._lock:
            found = self._stage(key.stage)
            found.apps.pop(key.id, None)
            found.bound.pop(key.id, None)

    def rename(self, stage: str, identity: StageIdentity) -> None:
        """The stage's key, name or purpose is another one from now on."""
        with self._lock:
            self._stage(stage).identity = identity

    def set(self, key: Key, name: str, value: Stored, *, pending: bool = False) -> None:
        """Somebody sets a value by hand; it runs at once unless ``pending``."""
        with self._lock:
            self._put(key, name, value, live=not pending)

    def leave_pending(self, key: Key, *names: str) -> None:
        """Somebody leaves values pending that are no fields of ours."""
        with self._lock:
            self._values(key).foreign.update(names)

    def holds(self, key: Key, name: str, text: str, *, live: bool = True) -> bool:
        """Whether the secret that is set (in an app: the one that runs) is this text: the oracle of tests."""
        with self._lock:
            values = self._values(key)
            stored = (values.live if live and key.kind == BINDING else values.values).get(name)
            return plain(stored) == text

    # Inside

    def _stage(self, stage: str) -> Stage:
        if stage not in self._stages:
            raise NotFound(f"{stage}: the platform has no such stage", hint=f"known: {', '.join(sorted(self._stages))}")
        return self._stages[stage]

    def _values(self, key: Key) -> Values:
        found = self._stage(key.stage)
        if key.kind == CONFIGURATION and key.id == found.identity.key:
            return found.own
        if key.kind == BINDING and key.id in found.bound:
            return found.bound[key.id]
        raise NotFound(f"{key}: the platform has no such resource")

    def _resource(self, stage: Stage, key: Key) -> ObservedResource | None:
        resource = self._configuration(stage, key) if key.kind == CONFIGURATION else self._binding(stage, key)
        if resource is None or self._evidence:
            return resource
        fields = {name: replace(seen, evidence="") for name, seen in resource.fields.items()}
        return replace(resource, fields=fields)

    @staticmethod
    def _configuration(stage: Stage, key: Key) -> ObservedResource | None:
        if key.id != stage.identity.key:
            return None
        own = stage.own
        fields = {name: own.seen(name, own.values.get(name), fresh=False) for name in STAGE_FIELDS}
        return ObservedResource(key, stage.identity.name, fields)

    @staticmethod
    def _binding(stage: Stage, key: Key) -> ObservedResource | None:
        app = stage.bound.get(key.id)
        if app is None or not stage.apps[key.id].bindable:
            return None
        fields = {name: app.seen(name, app.live.get(name, DEFAULTS[name]), fresh=False) for name in APP_FIELDS}
        for name in STAGE_FIELDS:
            fields[name] = stage.own.seen(name, app.live.get(name), fresh=name in app.fresh)
        return ObservedResource(key, stage.apps[key.id].name, fields, tuple(sorted(app.foreign)))

    def _take(self, step: Step, values: Values, secrets: Mapping[str, Secret], operation: Operation) -> Operation:
        if step.action == "activate":
            if step.key.kind == CONFIGURATION:
                raise UsageError(f"{step.label}: only apps are made live; a stage's settings run in its apps")
            return self._activate(values, operation)
        for change in step.changes:
            value = self._written(step, change.field, change.after, secrets)
            self._put(step.key, change.field, value, live=self._live_at_once[step.key.kind])
        self.ledger.append((step.key, "write", tuple(change.field for change in step.changes)))
        return operation

    @staticmethod
    def _written(step: Step, name: str, after: Value, secrets: Mapping[str, Secret]) -> Stored:
        if email.SPECS[name].secret:
            if after is not None and name not in secrets:
                raise UsageError(f"{step.label}: no secret was given for {name}")
            return secrets[name] if after is not None else None
        value = canonical(name, after)
        if not (value is None or isinstance(value, str | int | bool | tuple)):
            raise UsageError(f"{step.label}: {name} is not a secret and cannot be written as one")
        return value

    def _put(self, key: Key, name: str, value: Stored, *, live: bool) -> None:
        if name not in (APP_FIELDS if key.kind == BINDING else STAGE_FIELDS):
            raise UsageError(f"{key}: {name} is no field of a {key.kind}")
        own = self._values(key)
        own.put(name, value)
        for app in [own] if key.kind == BINDING else self._stage(key.stage).bound.values():
            if live:
                app.live[name] = value
            elif isinstance(value, Secret):
                app.fresh.add(name)

    def _activate(self, app: Values, operation: Operation) -> Operation:
        failure = self.failures.popleft() if self.failures else ""
        operation = replace(operation, id=f"activation-{len(self._activations) + 1}")
        self._activations[operation.id] = Activation(operation, self._polls, failure)
        if self._polls <= 1 and not failure:
            self._finish(operation.key, app)
        return operation

    def _finish(self, key: Key, app: Values) -> None:
        stage = self._stage(key.stage)
        self.ledger.append((key, "activate", tuple(sorted(stage.waiting(app)))))
        stage.make_live(app)

    def _outcome(self, operation: Operation) -> Outcome | None:
        apps = self._stage(operation.key.stage).apps
        label = apps[operation.key.id].name if operation.key.id in apps else operation.key.id
        outcome = Outcome("", operation.key, label, operation.action, "done")
        if operation.action == "write":
            return outcome
        found = self._found(operation)
        if found is None:
            return replace(outcome, status="unknown", message="the platform knows no such activation", retry=True)
        found.polls_left -= 1
        if found.polls_left > 0:
            return None
        if found.failure:
            return replace(outcome, status="failed", message=found.failure)
        if found.polls_left == 0 and self._polls > 1 and operation.key.id in apps:
            self._finish(operation.key, self._values(operation.key))
        return outcome

    def _found(self, operation: Operation) -> Activation | None:
        if operation.id:
            return self._activations.get(operation.id)
        candidates = [
            activation
            for activation in self._activations.values()
            if activation.operation.key == operation.key
            and activation.operation.begun >= operation.begun - _SKEW
            and activation.operation.id not in self._answered
        ]
        return min(candidates, key=lambda each: abs(each.operation.begun - operation.begun), default=None)

"""An installation: one operator file, and everything that it says is there, built when it is first needed.

Not here: what is done with it (``reconcile``), how a source is read (``wiring.sources``).
"""

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from stagemail.errors import NotFound
from stagemail.model.grant import Grant
from stagemail.model.revision import Loaded
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Desired
from stagemail.ports import Check, Clock, Discovery, SecretStore, Target
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.stages import in_order
from stagemail.reconcile.world import Progress, Request, World, silent
from stagemail.record.sql import SqlRecord
from stagemail.record.state import open_record
from stagemail.resources.operator import Operator
from stagemail.resources.policy import policy_of
from stagemail.wiring.identity import actor, is_gone, owner
from stagemail.wiring.plugins import TargetContext, TargetPlugin, stores, targets

WORKERS = 8
"""How many apps, and how many secrets, are read at the same time at most."""


class Installation:
    """``base`` is the operator file's folder: relative paths in it start there."""

    def __init__(self, operator: Operator, path: Path, clock: Clock) -> None:
        self.operator = operator
        self.path = path
        self.base = path.parent
        self.clock = clock

    @cached_property
    def record(self) -> SqlRecord:
        """The record that ``state`` names."""
        return open_record(
            self.operator.state, self.base, randomness=secrets.token_bytes, clock=self.clock, is_gone=is_gone
        )

    @cached_property
    def stores(self) -> Mapping[str, SecretStore]:
        """The secret stores by name."""
        known = stores()
        return {
            name: known[settings.type].build(settings, self.base)
            for name, settings in self.operator.secret_stores.items()
        }

    @cached_property
    def credentials(self) -> Credentials:
        """Secrets and grants of this run; fingerprints are keyed by the record's key."""
        grants = [
            Grant(tuple(grant.stages), grant.store, grant.keys, tuple(grant.destinations))
            for grant in self.operator.grants
        ]
        executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="secrets")
        return Credentials(self.stores, grants, self.record.fingerprint_key(), executor)

    def stages(self, selected: tuple[str, ...]) -> tuple[str, ...]:
        """The selected stages, all of them if none is named, in the order of ``dependsOn``. Raises NotFound."""
        unknown = [stage for stage in selected if stage not in self.operator.stages]
        if unknown:
            known = ", ".join(sorted(self.operator.stages))
            raise NotFound(f"{', '.join(unknown)}: no such stage in {self.path.name}", hint=f"known stages: {known}")
        depends_on = {name: tuple(stage.depends_on) for name, stage in self.operator.stages.items()}
        return in_order(depends_on, selected or tuple(self.operator.stages))

    def target(self, name: str) -> Target:
        """The target of this name, for one run."""
        return self._targets[name]

    def check(self, stage: str) -> Callable[[Desired], Check]:
        """What the stage's target says of a desired state, without a credential."""
        return self.target(self.operator.stages[stage].target).check

    def discovery(self, name: str) -> Discovery:
        """What looks at this target's platform."""
        plugin, context = self._context(name)
        return plugin.discovery(context)

    def request(
        self, stage: str, loaded: Loaded, *, automatic: bool = False, only: tuple[str, ...] = (), patience: float = 0.0
    ) -> Request:
        """One stage at one loaded revision."""
        return Request(stage, loaded, policy_of(self.operator, stage, automatic=automatic), only, patience)

    def world(self, stage: str, progress: Progress = silent) -> World:
        """The ports of one stage."""
        name = self.operator.stages[stage].target
        plugin, context = self._context(name)
        return World(
            target=self.target(name),
            target_name=name,
            record=self.record,
            leases=self.record,
            credentials=self.credentials,
            clock=self.clock,
            new_id=lambda: f"{self.clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
            scope=plugin.scope(context.settings),
            owner=owner(),
            actor=actor(),
            progress=progress,
        )

    @cached_property
    def _targets(self) -> "_Lazy":
        return _Lazy(self._build)

    def _build(self, name: str) -> Target:
        plugin, context = self._context(name)
        return plugin.build(context)

    def _context(self, name: str) -> tuple[TargetPlugin, TargetContext]:
        settings = self.operator.targets[name]
        own = {stage: s.environment for stage, s in self.operator.stages.items() if s.target == name}
        context = TargetContext(name, settings, self.base, own, self.clock, self._own_secret, WORKERS)
        return targets()[settings.type], context

    def _own_secret(self, ref: SecretRef) -> Secret:
        return self.credentials.resolve_own(ref)


class _Lazy(dict[str, Target]):
    """Targets by name, each built on its first use and kept for the run."""

    def __init__(self, build: Callable[[str], Target]) -> None:
        super().__init__()
        self._build = build

    def __missing__(self, name: str) -> Target:
        self[name] = self._build(name)
        return self[name]

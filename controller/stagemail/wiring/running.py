"""What a run needs beyond the installation: record, secret stores, targets. Built when first needed.

Not here: what is done with it (``reconcile``).
"""

import os
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from stagemail.errors import UserMustFix
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Desired
from stagemail.model.usage import Usage
from stagemail.ports import Discovery, SecretStore, Target
from stagemail.reconcile.credentials import READERS, Credentials
from stagemail.reconcile.net import Net
from stagemail.reconcile.uses import secrets_for
from stagemail.reconcile.world import Progress, World, silent
from stagemail.record.state import open_record
from stagemail.resources.policy import grants_of, secret_ref
from stagemail.wiring.clock import speed_of
from stagemail.wiring.identity import actor, is_gone, owner
from stagemail.wiring.installation import Installation
from stagemail.wiring.late_probe import LateProbe
from stagemail.wiring.logins import login_secrets, pgpass_secrets
from stagemail.wiring.own_secrets import own_by_target
from stagemail.wiring.plugins import TargetContext, TargetRuntime, loaded_from, stores
from stagemail.wiring.pulse import Pulse
from stagemail.wiring.shielded import Shield, ShieldedRecord

if TYPE_CHECKING:  # most runs ask no mail server, and read an operator file that was judged before without its models
    from stagemail.resources.secret_reference import SecretReference
    from stagemail.wiring.mail import Mail

STOP = "stop"
"""What of ``shared`` is why everything is stopped now."""
WORKERS = 8
"""How many apps are read at the same time at most."""

NET_SECONDS = 3600.0
"""A credential that no pass has read for so long is let go by the net of a long run; no pass takes longer."""

SHARED = "postgresql"
"""The kind of record that several hosts share."""

SECRET_WORKERS = READERS
"""How many secrets are."""


@runtime_checkable
class Refreshing(Protocol):
    """A target that keeps what it listed, and can be told to forget it."""

    def refresh(self) -> None:
        """Forget it."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A target that counts its calls."""

    def usage(self) -> tuple[Usage, ...]:
        """What is used of its limits now."""
        ...


class Running:
    """One run over one installation. Targets, secrets and connections are kept until ``close``.

    ``shield``: the context in which no interrupt is raised, where interrupts are raised at all; ``note_begun`` is told
    before the first thing is recorded. ``net`` learns every credential; whoever prints, logs or sends what comes of the
    run hands its text to the same net. ``shared``: what targets keep beyond this run, as the buckets of their limits.
    """

    def __init__(
        self,
        installation: Installation,
        net: Net,
        shield: Shield = nullcontext,
        note_begun: Callable[[], None] = lambda: None,
        shared: dict[str, Any] | None = None,
    ) -> None:
        self.installation = installation
        self.clock = installation.clock
        self._shield = shield
        self._note_begun = note_begun
        self._net = net
        self._turned = self.clock.monotonic()
        self._own: dict[SecretRef, Secret] = {}
        """The newest value of each secret that the operator file itself names."""
        self._learn_logins()
        self.pulse = Pulse()
        self._targets: dict[str, Target] = {}
        self._closing = ExitStack()
        self._shared = {} if shared is None else shared
        self._outlives = shared is not None

    def close(self) -> None:
        """Let go of secrets, threads, connections and the database."""
        self._closing.close()

    @cached_property
    def record(self) -> ShieldedRecord:
        """The record that ``state`` names."""
        state, base = self.installation.state, self.installation.base
        with self._shield(), self.pulse.felt():
            opened = open_record(
                state,
                base,
                randomness=secrets.token_bytes,
                clock=self.clock,
                is_gone=self._is_gone,
                secret=self.state_key,
                password=self.state_password,
            )
            kept = self._closing.enter_context(opened)
            return ShieldedRecord(kept, self._shield, self._net.scrub, self._note_begun, self.pulse)

    @property
    def sharing(self) -> Any | None:
        """What is shared with other processes; None where the record is this host's alone. Raises UserMustFix."""
        state = self.installation.state
        if state.partition("://")[0] != SHARED:
            return None
        if "sharing" not in self._shared:
            try:
                made = loaded_from("stagemail.wiring.sharing:Sharing")
            except ModuleNotFoundError as error:
                hint = "pip install 'stagemail[postgresql]'"
                raise UserMustFix(f"`state: {SHARED}://…` needs {error.name}", hint=hint) from None
            self._shared["sharing"] = made(state, self.state_password, owner(), speed_of(self.clock))
            if not self._outlives:
                self._closing.callback(self._shared["sharing"].close)
        return self._shared["sharing"]

    def _is_gone(self, other: str) -> bool:
        """Whether the holder of a lease is gone: seen on this host, or silent for too long on another."""
        sharing = self.sharing
        return is_gone(other) or (sharing is not None and bool(sharing.is_gone(other)))

    def state_key(self) -> Secret | None:
        """What ``stateKey`` names."""
        return self._named(self.installation.operator.state_key)

    def state_password(self) -> Secret | None:
        """What ``statePassword`` names, now."""
        return self._named(self.installation.operator.state_password)

    def _named(self, reference: "SecretReference | None") -> Secret | None:
        """A secret of the record's. Credentials of its own: those of the run are keyed by the record that it opens."""
        return None if reference is None else self.own_secret(secret_ref(reference))

    def own_secret(self, ref: SecretRef) -> Secret:
        """A secret that the operator file itself names, asked of its store now."""
        found = Credentials(self._stores, (), b"", None, self._net.learn).resolve_own(ref)
        self._own[ref] = found
        return found

    def secrets_now(self, desired: Desired) -> Mapping[str, Secret]:
        """A stage's secrets as its grants allow them, asked of their stores now: for mail of our own."""
        grants = grants_of(self.installation.operator)
        return secrets_for(desired, Credentials(self._stores, grants, b"", None, self._net.learn))

    @cached_property
    def _stores(self) -> Mapping[str, SecretStore]:
        known = stores()
        return {
            name: known[settings.type].build(settings, self.installation.base)
            for name, settings in self.installation.operator.secret_stores.items()
        }

    @cached_property
    def credentials(self) -> Credentials:
        """Secrets and grants of this run; fingerprints are keyed by the record's key."""
        executor = ThreadPoolExecutor(SECRET_WORKERS, thread_name_prefix="secrets")
        self._closing.callback(executor.shutdown, wait=False, cancel_futures=True)
        grants = grants_of(self.installation.operator)
        made = Credentials(self._stores, grants, self.record.fingerprint_key(), executor, self._net.learn)
        self._closing.callback(made.forget)
        return made

    @cached_property
    def mail(self) -> "Mail":
        """What this run may do with mail servers."""
        module: Any = import_module("stagemail.wiring.mail")
        made: Mail = module.Mail(self.installation, lambda: self.credentials, self._closing, self._net.scrub)
        return made

    def target(self, name: str) -> Target:
        """The target of this name, the same one until the run ends."""
        if name not in self._targets:
            runtime, context = self._runtime(name)
            self._targets[name] = runtime.build(context)
        return self._targets[name]

    def usage(self) -> dict[str, tuple[Usage, ...]]:
        """What is used of the limits of each target that was built so far and counts its calls."""
        return {name: target.usage() for name, target in list(self._targets.items()) if isinstance(target, Metered)}

    def discovery(self, name: str) -> Discovery:
        """What looks at this target's platform."""
        runtime, context = self._runtime(name)
        return runtime.discovery(context)

    def world(self, stage: str, progress: Progress = silent) -> World:
        """The ports of one stage."""
        name = self.installation.target_of(stage)
        plugin, settled = self.installation.plugin(name)
        return World(
            target=self.target(name),
            target_name=name,
            record=self.record,
            leases=self.record,
            standings=self.record,
            credentials=self.credentials,
            clock=self.clock,
            new_id=lambda: f"{self.clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
            scope=plugin.scope(settled.settings),
            owner=owner(),
            actor=actor(),
            progress=progress,
            probe=LateProbe(lambda: self.mail.probe),
            own_secrets=self._own_secrets.get(name, {}),
            scrub=self._net.scrub,
            stop=lambda: str(self._shared.get(STOP, "")),
        )

    @cached_property
    def _own_secrets(self) -> dict[str, dict[str, SecretRef]]:
        """By target: looked for once, not through the whole operator file for every pass."""
        return own_by_target(self.installation)

    def anew(self, stage: str) -> World:
        """The ports of one stage for another pass of a long run: secrets and listings are read again."""
        self.credentials.forget()
        if self.clock.monotonic() - self._turned > NET_SECONDS:
            self._turned = self.clock.monotonic()
            self._net.turn()
            self._learn_logins()
        world = self.world(stage)
        if isinstance(world.target, Refreshing):
            world.target.refresh()
        return world

    def _learn_logins(self) -> None:
        """With what we log in elsewhere, and what the operator file names: both may be used seldom or never be read."""
        for secret in self._own.values():
            self._net.learn(secret)
        for secret in login_secrets(self.installation.operator.secret_stores.values(), os.environ):
            self._net.learn(secret)
        if self.installation.state.partition("://")[0] == SHARED:
            for secret in pgpass_secrets(os.environ, Path.home()):
                self._net.learn(secret)

    def _runtime(self, name: str) -> tuple[TargetRuntime, TargetContext]:
        plugin, settled = self.installation.plugin(name)
        runtime: TargetRuntime = loaded_from(plugin.runtime)
        stages = self.installation.operator.stages
        own = {stage: settings.environment for stage, settings in stages.items() if settings.target == name}
        sharing = self.sharing
        return runtime, TargetContext(
            settled, own, self.clock, self._own_secret, self._closing, WORKERS, self._shared, self._net.learn,
            sharing.spent if sharing is not None else None,
        )  # fmt: skip

    def _own_secret(self, ref: SecretRef) -> Secret:
        return self.credentials.resolve_own(ref)

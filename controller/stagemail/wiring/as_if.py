"""A platform and a record that are as one revision says: what another one would change is planned, nobody asked.

For whoever has no credential, as the pull request of a fork. The plan is made by ``reconcile.once`` as always, so
hazards, guards and grants are the real ones. Not here: what is really there (``running``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count

from stagemail.model.gate import Gating
from stagemail.model.grant import Grant
from stagemail.model.inventory import App, StageIdentity
from stagemail.model.plan import Note, Plan
from stagemail.model.revision import Loaded
from stagemail.model.secret import Secret, SecretRef, SecretVersion
from stagemail.model.snapshot import Desired
from stagemail.ports import Check, Clock, SecretStore
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.granting import Use
from stagemail.reconcile.once import Prepared, once, plan
from stagemail.reconcile.request import Request
from stagemail.reconcile.uses import uses_of
from stagemail.reconcile.world import World
from stagemail.record.memory import MemoryRecord
from stagemail.resources.policy import grants_of
from stagemail.target.memory import MemoryTarget
from stagemail.wiring.installation import Installation
from stagemail.wiring.plugins import CheckDesired

NOBODY = "nobody"
_UNSURE = "what was changed outside Git, and which apps a pattern catches, is not known"


def planned_as_if(installation: Installation, base: Loaded, request: Request) -> Prepared:
    """The plan of a stage, as if platform and record were as ``base`` says. No store and no platform is asked.

    Raises InvalidInput, NotFound where the stage's documents must not be acted on.
    """
    stage = request.stage
    was = base.stages.get(stage, Desired(stage)) if stage not in base.blocked else Desired(stage)
    now = request.loaded.stages.get(stage, Desired(stage))
    world = _world(installation, stage, _platform(installation, was, now))
    uses = uses_of(was).values()
    stores: dict[str, SecretStore] = {use.ref.store: _Assumed() for use in uses}
    before = replace(base, stages={stage: was}, blocked={}, problems=())
    policy = replace(request.policy, hold=frozenset(), automatic=False, gating=Gating(), read_only=False, verify="none")
    once(Request(stage, before, policy), replace(world, credentials=Credentials(stores, _grants(uses), b"", None)))
    prepared = plan(replace(request, no_secrets=True), world)
    return replace(prepared, plan=_noted(prepared.plan, base))


class _Platform(MemoryTarget):
    """Holds anything, and says of it what the real target says."""

    def __init__(self, clock: Clock, check: CheckDesired) -> None:
        super().__init__(clock, app_writes="live")
        self._check = check

    def check(self, desired: Desired) -> Check:
        """What the real target sets, only verifies, refuses."""
        return self._check(desired)


class _Assumed:
    """A store that has whatever a reference names; what is in it means nothing and is compared with nothing."""

    def read(self, ref: SecretRef) -> SecretVersion:
        """The pinned version, or some."""
        return SecretVersion(Secret("assumed"), ref.version or "1")

    def origin(self, ref: SecretRef) -> str:
        """The reference itself."""
        return str(ref)


def _platform(installation: Installation, was: Desired, now: Desired) -> MemoryTarget:
    """The stage with every app that either revision names; a pattern stands for the apps that it catches."""
    settings = installation.operator.stages[was.stage]
    target = _Platform(installation.clock, installation.check(was.stage))
    target.add_stage(was.stage, StageIdentity(settings.environment, settings.environment, settings.purpose))
    selectors = (selector for desired in (was, now) for binding in desired.bindings for selector in binding.apps)
    for name in sorted({selector.text for selector in selectors}):
        target.add_app(was.stage, App(name, name, "WebApplication", 1))
    return target


def _grants(uses: Iterable[Use]) -> Sequence[Grant]:
    """What is there already was allowed once."""
    return [Grant((use.stage,), use.ref.store, use.ref.key, use.destinations) for use in uses]


def _world(installation: Installation, stage: str, target: MemoryTarget) -> World:
    """No store is in it: whoever asked one would be told that there is none."""
    record = MemoryRecord(b"")
    numbers = count(1)
    return World(
        target=target,
        target_name=installation.target_of(stage),
        record=record,
        leases=record,
        standings=record,
        credentials=Credentials({}, grants_of(installation.operator), b"", None),
        clock=installation.clock,
        new_id=lambda: f"as-if-{next(numbers)}",
        scope=NOBODY,
        owner=NOBODY,
        actor=NOBODY,
    )


def _noted(made: Plan, base: Loaded) -> Plan:
    """Say what it stands on."""
    how = f"as if the platform were as {base.revision.short} says"
    if made.stage in base.blocked:
        how = f"as if nothing were there: {base.revision.short} has documents that cannot be used"
    note = Note("assumed", made.stage, f"planned {how}; nobody was asked: {_UNSURE}")
    return replace(made, notes=(note, *made.notes))

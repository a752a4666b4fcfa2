"""One reconcile pass of one stage: load, observe, plan, apply, record.

The only way to a platform: CLI, controller, webhook and web page all call this. Not here: many stages (``stages``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from stagemail.dataclass import dataclass
from stagemail.errors import Busy, InvalidInput, LeaseLost, ReadOnly, StagemailError, StalePlan
from stagemail.model import email
from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.plan import Plan
from stagemail.model.run import Outcome, Run, RunStatus
from stagemail.planning.resolve import Resolved
from stagemail.planning.situation import Situation
from stagemail.ports import Entry, Lease
from stagemail.reconcile.apply import apply
from stagemail.reconcile.expiring import with_expiries, without_expiries
from stagemail.reconcile.identity import refuse_anothers, told
from stagemail.reconcile.journal import Journal
from stagemail.reconcile.judging import judged, planned
from stagemail.reconcile.preflight import before_push
from stagemail.reconcile.reading import no_lease, read
from stagemail.reconcile.request import Request
from stagemail.reconcile.retirement import retirement
from stagemail.reconcile.rotated import rotated_since
from stagemail.reconcile.scrubbed import as_called
from stagemail.reconcile.selection import only_secrets, only_these
from stagemail.reconcile.settle import settle
from stagemail.reconcile.situation import Credential, keys_of, load, needs_every_app, read_secrets
from stagemail.reconcile.standings import begun, is_known, stands
from stagemail.reconcile.state import State
from stagemail.reconcile.trial import tried
from stagemail.reconcile.unread import failing, only_granted, told_why, untold
from stagemail.reconcile.waiting import LEASE_SECONDS
from stagemail.reconcile.world import World


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what it stands on."""

    plan: Plan
    situation: Situation
    resolved: Resolved
    credential: Credential

    @property
    def unread(self) -> Mapping[str, StagemailError]:
        """Why secrets that an apply of the plan would miss could not be read, by reference."""
        return failing(self.plan, self.credential.errors)


def plan(request: Request, world: World) -> Prepared:
    """Load, observe, plan; writes nothing anywhere."""
    return _prepare(request, world, None)


def once(request: Request, world: World, expected: Plan | None = None) -> Run:
    """Load, observe, plan, apply, record. Raises StalePlan where ``expected`` is not what would be done now.

    Raises Busy while another run holds the organization, and whatever stops the stage before anything was written.
    """
    lease = _acquire(request, world)
    try:
        prepared = _prepare(request, world, lease)
        if expected is not None:
            _refuse_stale(expected, prepared.plan)
        if request.policy.read_only:
            _refuse_writing(prepared.plan)
        secrets, wanted = prepared.credential.values, prepared.situation.desired
        made, checks = before_push(prepared.plan, wanted, secrets, request.policy, world.probe)
        made, trials = tried(made, wanted, secrets, request.policy, world.probe)
        return _run(request, replace(prepared, plan=made), world, lease, (*checks, *trials))
    finally:
        world.leases.release(lease)


def _acquire(request: Request, world: World) -> Lease:
    start = world.clock.monotonic()
    while True:
        try:
            return world.leases.acquire(world.scope, world.owner, world.clock.now(), LEASE_SECONDS)
        except Busy:
            if world.clock.monotonic() - start >= request.patience:
                raise
            world.progress("waiting for another run", 0, 0)
            world.clock.sleep(1.0)


def _prepare(request: Request, world: World, lease: Lease | None) -> Prepared:
    with world.span("load"):
        desired = load(request)
    if lease is not None:
        _end_the_killed(request.stage, world, lease)
    check = world.target.check(desired)
    credential = read_secrets(desired, check, world, no_secrets=request.no_secrets)
    if request.push and credential.errors:
        raise next(iter(credential.errors.values()))
    intents = world.record.open_intents(request.stage)
    inventory = world.target.inventory(request.stage)
    refuse_anothers(desired, inventory.stage, request.loaded.stages, world.record)
    every_app = needs_every_app(world, request.stage, intents)
    more = tuple(intent.key for intent in intents)
    keys = keys_of(desired, inventory, every_app=every_app, more=more)
    keep = no_lease if lease is None else partial(_keep, world, lease)
    with world.span("observe"), told(request.stage, inventory.stage, world.record):
        seen = read(world, request.stage, keys, keep)
    if intents and lease is not None:
        before = world.record.applied(request.stage)
        settle(intents, observed=seen, applied=before, same=check.same, world=world, lease=lease, keep=keep)
        seen = read(world, request.stage, keys, keep)
    facts = Situation(
        desired=desired,
        inventory=inventory,
        observed=seen,
        applied=as_called(world.record.applied(request.stage), inventory, world.scrub),
        capabilities=check.capabilities,
        policy=judged(request, world),
        specs=email.SPECS,
        same=check.same,
        revision=request.loaded.revision.id,
        target=world.target_name,
        secrets=credential.states,
        retirement=retirement(desired, request.policy, world.clock.now().date()),
        push=request.push,
    )
    with world.span("plan"):
        facts, made, resolved = planned(facts, request, world)
    if resolved.conflicts:
        listed = "; ".join(conflict.message for conflict in resolved.conflicts)
        raise InvalidInput(f"{request.stage}: {listed}", hint="nothing was written")
    chosen = only_secrets(made, email.SPECS) if request.push else only_these(made, request.only)
    allowed = only_granted(told_why(chosen, desired, credential.errors), credential.errors)
    if request.only:
        credential = replace(credential, errors={})  # the recipients of apps need no credential
    return Prepared(with_expiries(allowed, desired, world), facts, resolved, credential)


def _end_the_killed(stage: str, world: World, lease: Lease) -> None:
    """We hold the lease, so a run that still says it runs was killed."""
    killed = [run for run in world.record.runs(stage, 20) if run.status == "running"]
    if killed:
        now = world.clock.now()
        world.record.append([Entry(run=run.ended("interrupted", now, run.outcomes)) for run in killed], lease)


def _keep(world: World, lease: Lease) -> None:
    world.leases.renew(lease, world.clock.now(), LEASE_SECONDS)


def _refuse_writing(made: Plan) -> None:
    count = sum(not step.if_pending for step in made.runnable)
    if count:
        steps = "1 step" if count == 1 else f"{count} steps"
        raise ReadOnly(
            f"{made.stage}: {steps} to do, and target {made.target} is read-only: nothing was written",
            hint=f"`stagemail plan {made.stage}` shows them; `readOnly: false` in the operator file allows them",
        )


def _refuse_stale(expected: Plan, now: Plan) -> None:
    if expected.revision != now.revision:
        raise StalePlan(
            f"{now.stage}: the plan was made at {expected.revision[:12]}, Git is at {now.revision[:12]}",
            hint="make the plan again",
        )
    rotated = [*rotated_since(expected, now)]
    if rotated:
        raise StalePlan(
            f"{now.stage}: since the plan was made {' and '.join(rotated)}; nothing was written",
            hint="make the plan again and review it: values are read from the store each time and never kept in a file",
        )
    if expected.observed != now.observed or without_expiries(expected) != without_expiries(now):
        raise StalePlan(
            f"{now.stage}: the platform or our record has changed since the plan was made; nothing was written",
            hint="make the plan again and review it",
        )


def _run(request: Request, prepared: Prepared, world: World, lease: Lease, trials: Sequence[Outcome]) -> Run:
    made = prepared.plan
    run = Run(world.new_id(), request.stage, made.revision, world.actor, world.clock.now())
    state = State(
        made,
        prepared.situation,
        {resource.key: resource for resource in prepared.resolved.resources},
        dict(prepared.situation.applied.by_key()),
        {},
    )
    state.saw(prepared.situation.observed.resources)
    journal = Journal(world, run, lease)
    adopted = () if request.only or request.push else made.adopt
    quiet = request.policy.automatic and not (made.runnable or adopted or trials)
    if not quiet:
        entries = [Entry(applied=replace(resource, revision=made.revision)) for resource in adopted]
        journal.started([*entries, *begun(request, run, prepared.situation.policy, world)])
    state.applied.update({resource.key: resource for resource in adopted})
    journal.note([*_plan_wide(made), *trials, *untold(made, prepared.credential.errors)])
    try:
        with world.span("apply"):
            apply(state, prepared.credential.values, world, journal)
    except BaseException as error:
        status: RunStatus = "failed" if isinstance(error, StagemailError) else "interrupted"
        if not isinstance(error, LeaseLost):
            journal.finished(run.ended(status, world.clock.now(), tuple(journal.outcomes)))
        raise
    with world.span("record"):
        ended = _live(run, state, prepared, journal, world)
        standing = stands(request, ended, made, prepared.situation.policy, world)
        if quiet and is_known(ended, world):
            if standing:
                world.record.append(standing, lease)
            return ended
        identity = [] if state.plan.hazards else [Entry(identity=(run.stage, state.plan.identity))]
        journal.finished(ended, [*identity, *standing])
        return ended


def _plan_wide(made: Plan) -> list[Outcome]:
    """Hazards of the plan as a whole, said once even where no step carries them."""
    key = Key(made.stage, CONFIGURATION, made.identity.key)
    return [Outcome(f"plan:{h.kind}", key, made.stage, "plan", "held", h.message) for h in made.hazards]


def _live(run: Run, state: State, prepared: Prepared, journal: Journal, world: World) -> Run:
    """The last verb begins: what is live where, and the run's end."""
    outcomes = tuple(journal.outcomes)
    changed = any(o.key == state.stage_key and o.action == "write" and o.status == "done" for o in outcomes)
    keys = tuple(key for key in state.app_keys() if state.has_due(key) and (changed or key in state.seen))
    stale = tuple(key for key in keys if key not in state.fresh)
    if stale:
        state.saw(read(world, run.stage, stale, journal.check).resources)
    names = {app.key: app.name for app in prepared.situation.inventory.apps}
    not_live = tuple(sorted(names[key.id] for key in keys if state.not_live(key)))
    return replace(
        run.ended(_status(outcomes), world.clock.now(), outcomes),
        live=len(keys) - len(not_live),
        apps=len(keys),
        not_live=not_live,
    )


def _status(outcomes: Sequence[Outcome]) -> RunStatus:
    found = {outcome.status for outcome in outcomes}
    if found & {"failed", "unknown", "skipped"}:
        return "partial" if found & {"done", "not-needed"} else "failed"
    return "held" if "held" in found else "done"

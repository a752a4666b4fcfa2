"""The state of one stage: what Git wants, what was applied, what is live, what waits for whom.

Reads the record and, unless told not to, the platform. Writes nothing. Not here: rendering (``report.status``).
"""

from collections.abc import Sequence

from stagemail.model.key import BINDING
from stagemail.model.plan import Plan
from stagemail.model.run import Run
from stagemail.model.snapshot import Observed
from stagemail.planning import Situation
from stagemail.planning.diff import Same
from stagemail.reconcile.once import Prepared
from stagemail.reconcile.request import Request
from stagemail.reconcile.world import World
from stagemail.report.drift import OUTSIDE
from stagemail.report.status import Condition, StageStatus
from stagemail.report.summary import subject_of


def recorded(request: Request, world: World) -> StageStatus:
    """What the record alone tells: the platform is not asked."""
    runs = world.record.runs(request.stage, 50)
    last = runs[0] if runs else None
    return StageStatus(
        stage=request.stage,
        target=world.target_name,
        identity=world.record.applied(request.stage).identity,
        wanted=request.loaded.revision.id,
        applied=_applied(runs),
        last_run=last,
        conditions=_conditions(request, last, None, ()),
        live=last.live if last else 0,
        apps=last.apps if last else 0,
        not_live=last.not_live if last else (),
        problems=tuple(p for p in request.loaded.problems if request.stage in request.loaded.blocked),
    )


def observed(request: Request, prepared: Prepared, world: World) -> StageStatus:
    """The record, and what the platform has now."""
    plan = prepared.plan
    runs = world.record.runs(request.stage, 50)
    last = runs[0] if runs else None
    live, not_live = _live(prepared.situation)
    return StageStatus(
        stage=request.stage,
        target=world.target_name,
        identity=plan.identity,
        wanted=plan.revision,
        applied=_applied(runs),
        last_run=last,
        conditions=_conditions(request, last, plan, not_live),
        live=len(live),
        apps=len(live) + len(not_live),
        not_live=not_live,
        pending=_pending(plan),
        held=tuple(f"{subject_of(plan, s)}: {h.message}" for s in plan.held for h in s.held),
        drift=_drift(plan),
        observed_at=world.clock.now(),
    )


def _applied(runs: Sequence[Run]) -> str:
    return next((run.revision for run in runs if run.status == "done"), "")


def _pending(plan: Plan) -> tuple[str, ...]:
    steps = [s for s in plan.runnable if not s.if_pending]
    return tuple(f"{subject_of(plan, step)}: {step.action} {step.unit}" for step in steps)


def _drift(plan: Plan) -> tuple[str, ...]:
    return tuple(
        f"{subject_of(plan, step)}: {change.field}"
        for step in plan.steps
        for change in step.changes
        if change.case in OUTSIDE
    )


def _live(situation: Situation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The apps that were read, by whether they run with the stage's settings as applied."""
    labels = {app.key: app.name for app in situation.inventory.apps}
    kept = situation.applied.by_key()
    stage = next((r for key, r in kept.items() if key.kind != BINDING), None)
    live: list[str] = []
    not_live: list[str] = []
    for resource in _apps(situation.observed):
        own = kept.get(resource.key)
        due = {**(stage.fields if stage else {}), **(own.fields if own else {})}
        wrong = [
            name
            for name, applied in due.items()
            if name in resource.fields
            and (resource.fields[name].pending or not _runs(name, applied.value, resource.fields[name].live, situation))
        ]
        (not_live if wrong else live).append(labels.get(resource.key.id, resource.label))
    return tuple(sorted(live)), tuple(sorted(not_live))


def _runs(name: str, applied, live, situation: Situation) -> bool:  # type: ignore[no-untyped-def]
    same: Same = situation.same
    return situation.specs[name].secret or same(name, applied, live)


def _apps(seen: Observed):  # type: ignore[no-untyped-def]
    return (resource for resource in seen.resources if resource.key.kind == BINDING)


def _conditions(
    request: Request, last: Run | None, plan: Plan | None, not_live: Sequence[str]
) -> tuple[Condition, ...]:
    """Ready, Reconciling, Stalled, as Kubernetes' API conventions have them."""
    revision = request.loaded.revision.id
    since = last.finished if last else None
    stalled = _stalled(request, last, plan)
    running = last is not None and last.status == "running"
    ready, reason, message = _ready(last, plan, not_live, revision)
    if stalled[0]:
        ready = "False"
    return (
        Condition("Ready", ready, reason, message, revision, since),  # type: ignore[arg-type]
        Condition("Reconciling", "True" if running else "False", "RunInProgress" if running else "", "", revision),
        Condition("Stalled", "True" if stalled[0] else "False", *stalled, revision, since),
    )


def _stalled(request: Request, last: Run | None, plan: Plan | None) -> tuple[str, str]:
    if request.stage in request.loaded.blocked:
        return "InvalidDocuments", request.loaded.blocked[request.stage]
    if plan is not None and plan.is_held:
        return "HeldByGuard", "a guard holds a step until a waiver accepts it"
    if plan is None and last is not None and last.status == "held":
        return "HeldByGuard", "the last run ended with a held step"
    return "", ""


def _ready(last: Run | None, plan: Plan | None, not_live: Sequence[str], revision: str) -> tuple[str, str, str]:
    if plan is not None:
        if plan.has_changes:
            return "False", "ChangesToMake", "the platform is not as Git wants; see `stagemail plan`"
        if not_live:
            return "False", "NotLive", f"not live in {', '.join(not_live)}"
        return "True", "InSync", ""
    if last is None:
        return "Unknown", "NeverApplied", "no run yet; the platform was not read"
    if last.status == "done" and last.revision == revision:
        return "True", "Applied", ""
    return "False", "NotApplied", "the last run did not finish this revision"

"""The state of one stage: what Git wants, what was applied, what is live, what waits for whom.

Reads the record and, unless told not to, the platform. Writes nothing. Not here: rendering (``report.status``).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from stagemail.model.condition import Condition, Truth
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.plan import Note, Plan
from stagemail.model.revision import Commit
from stagemail.model.run import Run
from stagemail.model.standing import Standing
from stagemail.model.verdict import HOLDING
from stagemail.planning import Situation
from stagemail.reconcile.conditions import GATES, PASSING, only_outside_window
from stagemail.reconcile.expiring import KIND, expiring
from stagemail.reconcile.gates import stopped, suspended
from stagemail.reconcile.liveness import due_in, not_live
from stagemail.reconcile.once import Prepared
from stagemail.reconcile.request import Request
from stagemail.reconcile.world import World
from stagemail.report.drift import OUTSIDE
from stagemail.report.status import StageStatus
from stagemail.report.summary import subject_of

RECENT, MOST = 50, 5000
"""Runs of a stage that are looked at, and where none of them was done."""
_WORDS = {"write": "write", "activate": "make live", "unmanage": "forget"}


Behind = Callable[[str, str], tuple[Commit, ...] | None]
"""From the revision that was applied and the one that Git is at to what ``StageStatus.behind`` holds."""


def untold(_applied: str, _wanted: str) -> None:
    """Nobody asks Git."""


def recorded(request: Request, world: World, behind: Behind = untold) -> StageStatus:
    """What the record alone tells: the platform is not asked."""
    runs = _runs(request, world)
    last = runs[0] if runs else None
    commits = behind(_applied(runs), request.loaded.revision.id)
    # A run of the same documents at an older commit is one of this commit, too.
    same = replace(last, revision=request.loaded.revision.id) if last is not None and commits == () else last
    return StageStatus(
        stage=request.stage,
        target=world.target_name,
        identity=world.record.applied(request.stage).identity,
        wanted=request.loaded.revision.id,
        applied=_applied(runs),
        last_run=last,
        conditions=_conditions(request, same, None, (), world.standings.standing(request.stage)),
        live=last.live if last else 0,
        apps=last.apps if last else 0,
        not_live=last.not_live if last else (),
        expiring=_expiring(expiring(request.loaded.stages.get(request.stage), world)),
        problems=tuple(p for p in request.loaded.problems if request.stage in request.loaded.blocked),
        behind=commits,
        resting=_resting(request, world),
    )


def observed(request: Request, prepared: Prepared, world: World, behind: Behind = untold) -> StageStatus:
    """The record, and what the platform has now."""
    plan = prepared.plan
    runs = _runs(request, world)
    last = runs[0] if runs else None
    live, wrong = _live(prepared.situation)
    return StageStatus(
        stage=request.stage,
        target=world.target_name,
        identity=plan.identity,
        wanted=plan.revision,
        applied=_applied(runs),
        last_run=last,
        conditions=_conditions(request, last, prepared, wrong, world.standings.standing(request.stage)),
        live=len(live),
        apps=len(live) + len(wrong),
        not_live=wrong,
        pending=_pending(plan),
        held=_held(plan),
        drift=_drift(plan),
        expiring=_expiring(note for note in plan.notes if note.kind == KIND),
        unread=_unread(prepared),
        lacks_credential=bool(prepared.unread),
        observed_at=world.clock.now(),
        behind=behind(_applied(runs), plan.revision),
        resting=_resting(request, world),
    )


def _resting(request: Request, world: World) -> tuple[str, ...]:
    """What stops automatic runs of the stage now, whether or not there is anything to do."""
    decisions = world.standings.decisions()
    shut = (stopped(request.policy.gating), suspended(request.stage, decisions, world.clock.now()))
    return tuple(gate.message for gate in shut if gate is not None)


def _unread(prepared: Prepared) -> tuple[str, ...]:
    """Also of what is held: whoever accepts that wants to know what would stop it then."""
    return tuple(f"{ref}: {error.sentence}" for ref, error in sorted(prepared.credential.errors.items()))


def _expiring(notes: Iterable[Note]) -> tuple[str, ...]:
    return tuple(f"{note.subject}: {note.message}" for note in notes)


def _runs(request: Request, world: World) -> Sequence[Run]:
    """The newest runs, back to one that was done: each commit gives another one where a stage is held for long."""
    runs = world.record.runs(request.stage, RECENT)
    is_enough = len(runs) < RECENT or _applied(runs) != ""
    return runs if is_enough else world.record.runs(request.stage, MOST)


def _applied(runs: Sequence[Run]) -> str:
    """The revision of the newest run that was done whole. One that only told what it may not do applied nothing."""
    return next((run.revision for run in runs if run.status == "done" and not _only_told(run)), "")


def _only_told(run: Run) -> bool:
    return bool(run.outcomes) and all(outcome.status == "reported" for outcome in run.outcomes)


def _pending(plan: Plan) -> tuple[str, ...]:
    """What an apply would do; making live what it writes itself goes without saying."""
    steps = [step for step in plan.runnable if step.action != "activate"]
    steps = steps or [step for step in plan.runnable if not step.if_pending]
    return tuple(f"{subject_of(plan, step)}: {_WORDS[step.action]} {step.unit}" for step in steps)


def _held(plan: Plan) -> tuple[str, ...]:
    """What a guard holds, and what waits at a gate that holds people, too."""
    guarded = ((step, hazard.message) for step in plan.held for hazard in step.held)
    gated = ((step, step.gate) for step in plan.gated)
    return tuple(f"{subject_of(plan, s)}: {why.removeprefix(f'{s.label}: ')}" for s, why in (*guarded, *gated))


def _drift(plan: Plan) -> tuple[str, ...]:
    return tuple(
        f"{subject_of(plan, step)}: {change.field}"
        for step in plan.steps
        for change in step.changes
        if change.case in OUTSIDE
    )


def _live(situation: Situation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The apps that were read and have something to run with, by whether they do."""
    labels = {app.key: app.name for app in situation.inventory.apps}
    kept = situation.applied.by_key()
    stage = Key(situation.desired.stage, CONFIGURATION, situation.inventory.stage.key)
    live: list[str] = []
    wrong: list[str] = []
    for resource in situation.observed.resources:
        due = due_in(kept, stage, resource.key)
        if resource.key.kind == BINDING and resource.key.id in labels and due:
            fields = not_live(resource, due, situation.same, situation.specs)
            (wrong if fields else live).append(labels.get(resource.key.id, resource.label))
    return tuple(sorted(live)), tuple(sorted(wrong))


def _conditions(
    request: Request, last: Run | None, prepared: Prepared | None, wrong: Sequence[str], standing: Standing
) -> tuple[Condition, ...]:
    """Ready, Reconciling, Stalled, as Kubernetes' API conventions have them."""
    if _is_held_back(standing):
        return standing.conditions
    revision = request.loaded.revision.id
    since = last.finished if last else None
    stalled = _stalled(request, last, prepared.plan if prepared else None, standing)
    going_on = "RunInProgress" if last is not None and last.status == "running" else ""
    ready, reason, message = _ready(last, prepared, wrong, revision, standing)
    if stalled[0]:
        ready = "False"
    elif ready == "False" and not going_on:
        going_on = _waits(standing)
    found = (
        Condition("Ready", ready, reason, message, revision, since),
        Condition("Reconciling", "True" if going_on else "False", going_on, "", revision),
        Condition("Stalled", "True" if stalled[0] else "False", *stalled, revision, since),
    )
    return tuple(_remembered(condition, standing) for condition in found)


def _remembered(now: Condition, standing: Standing) -> Condition:
    """A condition with what the record knows of it: since when it is so, and the gate that automatic runs wait at."""
    known = next((condition for condition in standing.conditions if condition.type == now.type), None)
    if known is None or known.status != now.status:
        return now
    if not known.reason or (now.status == "True" and now.type == "Ready"):
        return replace(now, since=known.since)
    return replace(now, since=known.since, reason=known.reason, message=known.message)


def _is_held_back(standing: Standing) -> bool:
    """Whether the controller may not follow the branch: then a stage that is as the accepted revision wants waits."""
    return any(c.type == "Stalled" and c.status == "True" and c.reason in HOLDING for c in standing.conditions)


def _waits(standing: Standing) -> str:
    """The reason for which automatic runs wait and go on by themselves; "" where they do not."""
    true = {condition.type: condition.reason for condition in standing.conditions if condition.status == "True"}
    return true.get("Reconciling", "") if true.get("Reconciling") in PASSING else ""


def _stalled(request: Request, last: Run | None, plan: Plan | None, standing: Standing) -> tuple[str, str]:
    if request.stage in request.loaded.blocked:
        return "InvalidDocuments", request.loaded.blocked[request.stage]
    if plan is not None and (plan.hazards or plan.held) and not only_outside_window(plan):
        return "HeldByGuard", "a guard holds a step until a waiver accepts it"
    if plan is None and last is not None and last.status == "held" and not _is_known_to_go_on(standing):
        return "HeldByGuard", "the last run ended with a held step"
    return "", ""


def _is_known_to_go_on(standing: Standing) -> bool:
    """Whether the last look found that a gate holds the stage, not a guard."""
    return any(condition.type == "Stalled" and condition.status == "False" for condition in standing.conditions)


def _ready(
    last: Run | None, prepared: Prepared | None, wrong: Sequence[str], revision: str, standing: Standing
) -> tuple[Truth, str, str]:
    if prepared is not None:
        return _ready_now(prepared, wrong)
    if last is None:
        return "Unknown", "NeverApplied", "no run yet; the platform was not read"
    if last.status == "done" and last.revision == revision:
        return _as_the_record_has_it(last, standing)
    return "False", "NotApplied", "the last run did not finish this revision"


def _as_the_record_has_it(last: Run, standing: Standing) -> tuple[Truth, str, str]:
    """After a run that went well: it may have told changes that nobody allowed it to make, or a look since failed.

    A standing is written at the end of every whole run and by every look that was stopped, so it is never the older.
    """
    known = next((condition for condition in standing.conditions if condition.type == "Ready"), None)
    if known is not None and known.status != "True":
        return known.status, known.reason, known.message
    told = next((outcome for outcome in last.outcomes if outcome.status == "reported"), None)
    if told is not None:
        return "False", "NotAutomated", f"{told.label}: left to a person by the last run"
    return "True", "Applied", ""


def _ready_now(prepared: Prepared, wrong: Sequence[str]) -> tuple[Truth, str, str]:
    if prepared.unread:
        return "False", "SecretNotRead", f"secret {', '.join(prepared.unread)} was not read, so it was not compared"
    if prepared.plan.gated and prepared.situation.policy.gates:
        return "False", GATES[prepared.situation.policy.gates[0].kind], prepared.plan.gated[0].gate
    if prepared.plan.has_changes:
        return "False", "ChangesToMake", "the platform is not as Git wants; see `stagemail plan`"
    if wrong:
        return "False", "NotLive", f"not live in {', '.join(wrong)}"
    return "True", "InSync", ""

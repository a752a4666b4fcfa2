"""Sends write steps and reads every one back: accepted, not accepted, or another value than was sent.

A lost answer is settled by reading; only a masked secret, which reading cannot show, is sent once more.
"""

from collections.abc import Mapping, Sequence

from stagemail.errors import OutcomeUnknown, StagemailError, TryLater
from stagemail.model.run import Intent, Outcome
from stagemail.model.secret import Secret, SecretState
from stagemail.model.snapshot import DEPLOYED, AppliedField, AppliedResource, ObservedField
from stagemail.model.step import Change, Step
from stagemail.planning.diff import UNSET
from stagemail.reconcile.journal import Journal, outcome_of, shown
from stagemail.reconcile.reading import read
from stagemail.reconcile.state import State
from stagemail.reconcile.world import World


def write_all(
    steps: Sequence[Step], secrets: Mapping[str, Secret], state: State, world: World, journal: Journal
) -> None:
    """Journal all, send each, read all back with one call of the port, record the outcomes."""
    if not steps:
        return
    intents = journal.open(steps)
    sent: list[tuple[Step, Intent, str]] = []
    for number, (step, intent) in enumerate(zip(steps, intents, strict=True)):
        world.progress("writing", number, len(steps))
        halted = journal.halted(step, state.situation.policy)
        if halted is not None:
            journal.close([(intent, halted, None)])
            continue
        failure = _send(step, secrets, world, journal)
        if failure is None or isinstance(failure, OutcomeUnknown):
            sent.append((step, intent, "" if failure is None else failure.message))
            state.wrote(step.key)
        else:
            journal.close([(intent, _failed(step, failure), None)])
    if sent:
        keys = [step.key for step, _, _ in sent]
        state.saw(read(world, state.plan.stage, keys, journal.check).resources)
        journal.close([_read_back(step, intent, lost, state) for step, intent, lost in sent])
    world.progress("writing", len(steps), len(steps))


def _send(step: Step, secrets: Mapping[str, Secret], world: World, journal: Journal) -> StagemailError | None:
    """Send it; a secret whose answer was lost once more. Gives the failure, None if it was answered."""
    journal.check()
    mine = {change.field: secrets[change.field] for change in step.changes if change.field in secrets}
    try:
        world.target.begin(step, mine)
    except OutcomeUnknown as first:
        if not mine:
            return first
        journal.check()
        try:
            world.target.begin(step, mine)
        except StagemailError as second:
            return OutcomeUnknown(f"{first.message}; sent once more: {second.message}")
    except StagemailError as error:
        return error
    return None


def _failed(step: Step, error: StagemailError) -> Outcome:
    return outcome_of(step, "failed", error.sentence, retry=isinstance(error, TryLater))


def _read_back(step: Step, intent: Intent, lost: str, state: State) -> tuple[Intent, Outcome, AppliedResource | None]:
    seen = state.seen.get(step.key)
    fields = seen.fields if seen and step.key in state.fresh else {}
    taken = [change for change in step.changes if _is_taken(change, fields.get(change.field, UNSET), lost, state)]
    applied = _record(step, taken, fields, state, lost)
    wrong = [change for change in step.changes if change not in taken]
    if not wrong:
        message = f"the answer was lost; found by reading. {lost}" if lost else "read back equal"
        return intent, outcome_of(step, "done", message), applied
    return intent, _not_taken(step, wrong, fields, lost, state), applied


def _is_taken(change: Change, seen: ObservedField, lost: str, state: State) -> bool:
    if isinstance(change.after, SecretState):
        return not lost
    return state.situation.same(change.field, change.after, seen.value)


def _not_taken(
    step: Step, wrong: Sequence[Change], fields: Mapping[str, ObservedField], lost: str, state: State
) -> Outcome:
    if lost:
        named = ", ".join(change.field for change in wrong)
        return outcome_of(step, "unknown", f"{lost}; not seen on the platform: {named}", retry=True)
    told = []
    for change in wrong:
        now = fields.get(change.field, UNSET).value
        if state.situation.same(change.field, change.before, now):
            told.append(f"{change.field} not accepted: the platform still shows {shown(now)}")
        else:
            told.append(
                f"{change.field}: sent {shown(change.after)}, the platform shows {shown(now)}; "
                f"if both mean the same, say so in the mapping's options for {change.field}"
            )
    return outcome_of(step, "failed", "; ".join(told))


def evidence_of(seen: ObservedField) -> str:
    """The evidence of our own write. Whether apps tell of it is seen once it is live: by the next plan."""
    return "" if seen.evidence == DEPLOYED else seen.evidence


def _record(
    step: Step, taken: Sequence[Change], seen: Mapping[str, ObservedField], state: State, lost: str
) -> AppliedResource | None:
    """The record of the resource: what was applied before, and what was taken now. None if nothing changes."""
    old = state.applied.get(step.key)
    fields = dict(old.fields) if old else {}
    for change in taken:
        secret = isinstance(change.after, SecretState)
        fields[change.field] = AppliedField(change.after, evidence_of(seen.get(change.field, UNSET)) if secret else "")
    for change in step.changes:
        if lost and isinstance(change.after, SecretState):
            fields[change.field] = AppliedField(SecretState(change.after.ref), verified=False)
    wanted = state.wanted.get(step.key)
    if wanted is not None:
        fields = {name: value for name, value in fields.items() if name in wanted.fields}
    if not fields:
        return None
    applied = AppliedResource(step.key, step.label, fields, state.plan.revision)
    state.applied[step.key] = applied
    return applied

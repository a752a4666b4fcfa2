"""After a crash: finds out by reading what became of every step that was begun and whose outcome was never recorded.

Nothing is sent here. A secret whose write cannot be seen is marked unsettled, so that planning sends it once more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stagemail.model.run import Intent, Operation, Outcome
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import Applied, AppliedField, AppliedResource, Observed
from stagemail.planning.diff import Same
from stagemail.ports import Entry, Lease
from stagemail.reconcile.reading import Keep, read
from stagemail.reconcile.waiting import wait_for
from stagemail.reconcile.world import World


def settle(
    intents: Sequence[Intent],
    *,
    observed: Observed,
    applied: Applied,
    same: Same,
    world: World,
    lease: Lease,
    keep: Keep,
) -> None:
    """Close every open intent: writes by what the platform shows, activations by asking for their operation.

    ``keep`` renews the lease while many apps are read.
    """
    if not intents:
        return
    entries = [
        entry for intent in intents if intent.action == "write" for entry in _write(intent, observed, applied, same)
    ]
    activations = [intent for intent in intents if intent.action == "activate"]
    outcomes, lease = _activations(activations, world, lease)
    outcomes |= _another_s(activations, outcomes, world, keep)
    entries += [Entry(settled=(intent.id, outcomes[intent.id])) for intent in activations]
    world.record.append(entries, lease)


def _write(intent: Intent, observed: Observed, applied: Applied, same: Same) -> Iterable[Entry]:
    seen = observed.by_key().get(intent.key)
    old = applied.by_key().get(intent.key)
    fields = dict(old.fields) if old else {}
    taken: list[str] = []
    for name, value in intent.values:
        if isinstance(value, SecretState):
            fields[name] = AppliedField(SecretState(value.ref), verified=False)
        elif seen is not None and name in seen.fields and same(name, value, seen.fields[name].value):
            fields[name] = AppliedField(value)
            taken.append(name)
    if fields:
        yield Entry(applied=AppliedResource(intent.key, intent.label, fields))
    message = f"interrupted; found by reading: {', '.join(taken)} taken" if taken else "interrupted; not taken"
    outcome = Outcome(_step(intent), intent.key, intent.label, "write", "done" if taken else "unknown", message)
    yield Entry(settled=(intent.id, outcome))


def _activations(intents: Sequence[Intent], world: World, lease: Lease) -> tuple[dict[str, Outcome], Lease]:
    operations = {Operation(i.key, "activate", i.at, i.operation): i for i in intents}
    found, lease = wait_for(tuple(operations), world, lease)
    outcomes = {}
    for operation, outcome in found.items():
        intent = operations[operation]
        outcomes[intent.id] = _unknown(intent) if outcome is None else _found(outcome, intent)
    return outcomes, lease


def _another_s(
    intents: Sequence[Intent], outcomes: Mapping[str, Outcome], world: World, keep: Keep
) -> dict[str, Outcome]:
    """The outcome of activations for which an earlier one of their app was taken, as clocks differ.

    An activation makes live whatever is pending: where something still is, ours never happened. The platform is read
    for it after the operations were over.
    """
    claimed = {
        intent.key: intent for intent in intents if not intent.operation and outcomes[intent.id].status == "done"
    }
    if not claimed:
        return {}
    stage = next(iter(claimed)).stage
    message = "interrupted; it was never received: what it was to make live is pending"
    return {
        (intent := claimed[seen.key]).id: Outcome(
            _step(intent), seen.key, intent.label, "activate", "unknown", message, True
        )
        for seen in read(world, stage, claimed, keep).resources
        if any(field.pending for field in seen.fields.values())
    }


def _found(outcome: Outcome, intent: Intent) -> Outcome:
    """What the platform says of an operation, under our step's own name: it knows neither steps nor labels."""
    message = f"interrupted; {outcome.message or 'found by asking for its operation'}"
    return replace(outcome, step=_step(intent), key=intent.key, label=intent.label, message=message)


def _unknown(intent: Intent) -> Outcome:
    message = "interrupted, and still running when we stopped waiting"
    return Outcome(_step(intent), intent.key, intent.label, "activate", "unknown", message, retry=True)


def _step(intent: Intent) -> str:
    """The step's own id, so that what is found out takes the place of what the run itself could say of it."""
    return intent.id.removeprefix(f"{intent.run}/")

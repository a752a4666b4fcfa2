"""What is recorded or told, with every known credential taken out of its free text: platforms repeat what they get.

Not here: the record (``record``), what is known (``net``).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from stagemail.errors import StagemailError
from stagemail.model.field import Value
from stagemail.model.inventory import Inventory
from stagemail.model.key import BINDING
from stagemail.model.run import Intent, Outcome
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.ports import Entry

Scrub = Callable[[str], str]


def scrubbed(entries: Iterable[Entry], scrub: Scrub) -> Iterator[Entry]:
    """The entries; what they take from Git and from keys is as it was, everything that was told to us is scrubbed."""
    for entry in entries:
        yield _scrubbed(entry, scrub)


def _scrubbed(entry: Entry, scrub: Scrub) -> Entry:
    if entry.run is not None:
        told = tuple(without_secrets(outcome, scrub) for outcome in entry.run.outcomes)
        names = tuple(map(scrub, entry.run.not_live))
        return replace(entry, run=replace(entry.run, actor=scrub(entry.run.actor), outcomes=told, not_live=names))
    if entry.settled is not None:
        intent, outcome = entry.settled
        return replace(entry, settled=(intent, without_secrets(outcome, scrub)))
    if entry.intent is not None:
        return replace(entry, intent=_intent(entry.intent, scrub))
    return _scrubbed_state(entry, scrub)


def _scrubbed_state(entry: Entry, scrub: Scrub) -> Entry:
    if entry.applied is not None:
        return replace(entry, applied=_applied(entry.applied, scrub))
    if entry.standing is not None:
        seen = tuple(replace(one, message=scrub(one.message)) for one in entry.standing.conditions)
        turns = tuple(
            replace(one, condition=replace(one.condition, message=scrub(one.condition.message)))
            for one in entry.standing.turns
        )
        return replace(entry, standing=replace(entry.standing, conditions=seen, turns=turns))
    if entry.decision is not None:
        return replace(entry, decision=replace(entry.decision, reason=scrub(entry.decision.reason)))
    if entry.identity is not None:
        stage, known = entry.identity
        return replace(entry, identity=(stage, replace(known, name=scrub(known.name))))
    return entry


def _intent(intent: Intent, scrub: Scrub) -> Intent:
    """An operation whose name may not be kept counts as one whose name was lost: it is found without."""
    values = tuple((name, _unversioned(value, scrub)) for name, value in intent.values)
    clean = replace(intent, values=values, operation=_clean(intent.operation, scrub))
    return replace(clean, label=scrub(intent.label))


def _applied(resource: AppliedResource, scrub: Scrub) -> AppliedResource:
    """Without credentials in its label, too; ``as_called`` is how the next plan compares it with the app's name."""
    fields = {
        name: replace(field, value=_unversioned(field.value, scrub), evidence=_clean(field.evidence, scrub))
        for name, field in resource.fields.items()
    }
    is_named_in_git = resource.key.kind != BINDING
    return replace(resource, label=resource.label if is_named_in_git else scrub(resource.label), fields=fields)


def as_called(applied: Applied, inventory: Inventory, scrub: Scrub) -> Applied:
    """The record of a stage, with the names of today wherever only the net makes them differ.

    A platform that calls a stage or an app like a credential is recorded without it. What this run does not know (it
    read no secret, or the credential was rotated) counts as another name, which is held and never let through.
    """
    names = {app.key: app.name for app in (*inventory.apps, *inventory.ahead)}
    resources = tuple(_called(resource, names.get(resource.key.id, ""), scrub) for resource in applied.resources)
    was, now = applied.identity, inventory.stage
    if was is not None and was.name != now.name and was.name == scrub(now.name):
        was = replace(was, name=now.name)
    return replace(applied, identity=was, resources=resources)


def _called(resource: AppliedResource, name: str, scrub: Scrub) -> AppliedResource:
    is_same = resource.key.kind == BINDING and resource.label != name and resource.label == scrub(name)
    return replace(resource, label=name) if is_same else resource


def _unversioned(value: Value, scrub: Scrub) -> Value:
    """A state of a secret without its version where a store repeats a credential as one; fingerprints still compare."""
    return replace(value, version=_clean(value.version, scrub)) if isinstance(value, SecretState) else value


def _clean(told: str, scrub: Scrub) -> str:
    """What is compared later: as it is, or nothing, since a part of it would be another version or another time."""
    return told if scrub(told) == told else ""


def without_secrets(outcome: Outcome, scrub: Scrub) -> Outcome:
    """The outcome with its message and its label scrubbed: an app may be called like a credential."""
    message, label = scrub(outcome.message), scrub(outcome.label)
    return (
        outcome
        if (message, label) == (outcome.message, outcome.label)
        else replace(outcome, message=message, label=label)
    )


def error_without_secrets(error: StagemailError, scrub: Scrub) -> None:
    """Take known credentials out of an error's words, before they are folded, put in tables or into JSON."""
    error.message, error.hint = scrub(error.message), scrub(error.hint)
    error.args = (error.message,)

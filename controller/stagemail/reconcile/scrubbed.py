"""What is recorded or told, with every known credential taken out of its free text: platforms repeat what they get.

Not here: the record (``record``), what is known (``net``).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from stagemail.errors import StagemailError
from stagemail.model.field import Value
from stagemail.model.run import Intent, Outcome
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import AppliedResource
from stagemail.ports import Entry

Scrub = Callable[[str], str]


def scrubbed(entries: Iterable[Entry], scrub: Scrub) -> Iterator[Entry]:
    """The entries; what they take from Git and from keys is as it was, everything that was told to us is scrubbed."""
    for entry in entries:
        yield _scrubbed(entry, scrub)


def _scrubbed(entry: Entry, scrub: Scrub) -> Entry:
    if entry.run is not None and entry.run.outcomes:
        told = tuple(without_secrets(outcome, scrub) for outcome in entry.run.outcomes)
        return replace(entry, run=replace(entry.run, outcomes=told))
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
        return replace(entry, standing=replace(entry.standing, conditions=seen))
    if entry.decision is not None:
        return replace(entry, decision=replace(entry.decision, reason=scrub(entry.decision.reason)))
    return entry


def _intent(intent: Intent, scrub: Scrub) -> Intent:
    """An operation whose name may not be kept counts as one whose name was lost: it is found without."""
    values = tuple((name, _unversioned(value, scrub)) for name, value in intent.values)
    clean = replace(intent, values=values, operation=_clean(intent.operation, scrub))
    return replace(clean, label=scrub(intent.label))


def _applied(resource: AppliedResource, scrub: Scrub) -> AppliedResource:
    """Its label stays: the next plan compares it with the app's name, and would hold an app that it calls another."""
    fields = {
        name: replace(field, value=_unversioned(field.value, scrub), evidence=_clean(field.evidence, scrub))
        for name, field in resource.fields.items()
    }
    return replace(resource, fields=fields)


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

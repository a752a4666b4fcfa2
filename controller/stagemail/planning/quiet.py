"""Apps that are as Git, record and platform want them, and so add one line to a plan and nothing else.

A plan made without them, with their lines put back, is the plan of the whole stage as long as nothing in it concerns
them: a law of Hypothesis says so (``tests/unit/wiring/test_recalled_law.py``). Not here: remembering them (``wiring``).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from stagemail.model.inventory import App
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.plan import NOTE_ORDER, Note, Plan
from stagemail.model.snapshot import DEPLOYED
from stagemail.planning.resolve import Resolved
from stagemail.planning.situation import Situation

WIDE = ("mass-change", "identity-changed")
"""Hazards that count or compare all that is applied."""


def quiet_apps(situation: Situation, made: Plan, resolved: Resolved) -> Iterator[tuple[App, Note]]:
    """The apps of which a whole plan says that they are in sync, and no more, each with its note."""
    stage = situation.desired.stage
    seen, known = situation.observed.by_key(), situation.applied.by_key()
    loud = {step.key for step in made.steps} | {resource.key for resource in made.adopt}
    said = Counter(note.subject.partition(" ")[0] for note in made.notes)
    notes = {note.subject: note for note in made.notes if note.kind == "in-sync"}
    wanted = {resource.key: resource for resource in resolved.resources}
    for app in situation.inventory.apps:
        key = Key(stage, BINDING, app.key)
        resource, observed, applied = wanted.get(key), seen.get(key), known.get(key)
        if resource is None or observed is None or applied is None or key in loud:
            continue
        waits = bool(observed.foreign) or any(field.pending for field in observed.fields.values())
        plain = said[app.name] == 1 and app.name in notes and applied.label == app.name and not resource.pattern
        if plain and not waits and notes[app.name].message == resource.reason:
            yield app, notes[app.name]


def can_be_parted(situation: Situation, made: Plan, resolved: Resolved) -> bool:
    """Whether quiet apps may be left out of this situation at all: nothing of the stage rests on all of its apps."""
    stage = [seen for seen in situation.observed.resources if seen.key.kind == CONFIGURATION]
    asked = {seen.key for seen in situation.observed.resources}
    return (
        not situation.inventory.ahead
        and not situation.secrets
        and situation.retirement is None
        and not situation.push
        and asked == {resource.key for resource in resolved.resources}
        and not any(field.evidence == DEPLOYED for seen in stage for field in seen.fields.values())
        and all(situation.capabilities.of(BINDING, name) == "sets" for name in situation.specs if "recipients" in name)
        and stands_alone(made, resolved)
    )


def stands_alone(made: Plan, resolved: Resolved) -> bool:
    """Whether a plan says nothing that apps beside those in it could change: no step on the stage, no count."""
    hazards = {hazard.kind for step in made.steps for hazard in step.hazards}
    on_stage = any(step.key.kind == CONFIGURATION for step in made.steps)
    return not (resolved.conflicts or made.hazards or on_stage or hazards.intersection(WIDE))


def with_quiet(made: Plan, notes: Iterable[Note], observed: str, apps: int) -> Plan:
    """The plan of the whole stage. ``observed``, ``apps``: of the whole stage, too."""
    return replace(made, notes=tuple(sorted({*made.notes, *notes}, key=NOTE_ORDER)), observed=observed, apps=apps)

"""Evidence that only apps give: a stage's secret that was live in every app and is pending again was overwritten.

Not here: platforms that date their writes themselves (``target``), what follows from it (``diff``).
"""

from collections.abc import Sequence
from dataclasses import replace

from stagemail.model.key import BINDING, CONFIGURATION
from stagemail.model.snapshot import DEPLOYED, SET_AFTER_DEPLOY, Observed, ObservedField, ObservedResource


def told_by_apps(observed: Observed) -> Observed:
    """The same, with the evidence of such secrets as the apps that were read tell it; "" where none was."""
    apps = [resource for resource in observed.resources if resource.key.kind == BINDING]
    told = (_told(each, apps) if each.key.kind == CONFIGURATION else each for each in observed.resources)
    return replace(observed, resources=tuple(told))


def _told(stage: ObservedResource, apps: Sequence[ObservedResource]) -> ObservedResource:
    if not any(field.evidence == DEPLOYED for field in stage.fields.values()):
        return stage
    return replace(stage, fields={name: _by(name, field, apps) for name, field in stage.fields.items()})


def _by(name: str, field: ObservedField, apps: Sequence[ObservedResource]) -> ObservedField:
    if field.evidence != DEPLOYED:
        return field
    shown = [app.fields[name].pending for app in apps if name in app.fields]
    return replace(field, evidence="" if not shown else SET_AFTER_DEPLOY if any(shown) else DEPLOYED)

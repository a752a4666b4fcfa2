"""Every entry as an event of the append-only journal: the stage it is about, and plain JSON for the audit.

Not here: the tables, and the time of an event (``entries``).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.snapshot import AppliedResource
from stagemail.model.standing import Decision, Standing
from stagemail.record.codec import (
    Json,
    encode_decision,
    encode_fields,
    encode_instant,
    encode_outcome,
    encode_standing,
    encode_values,
)


def event_of(kind: str, value: Any) -> tuple[str, Json]:
    """The stage and the body of the event for an entry's member of this name."""
    return _EVENTS[kind](value)


def _run(run: Run) -> tuple[str, Json]:
    return run.stage, {
        "run": run.id,
        "revision": run.revision,
        "actor": run.actor,
        "started": encode_instant(run.started),
        "finished": encode_instant(run.finished) if run.finished else None,
        "status": run.status,
        "outcomes": [encode_outcome(outcome) for outcome in run.outcomes],
        "live": run.live,
        "apps": run.apps,
        "notLive": list(run.not_live),
    }


def _intent(intent: Intent) -> tuple[str, Json]:
    return intent.key.stage, {
        "intent": intent.id,
        "run": intent.run,
        "key": str(intent.key),
        "label": intent.label,
        "action": intent.action,
        "at": encode_instant(intent.at),
        "values": encode_values(intent.values),
        "operation": intent.operation,
    }


def _settled(settled: tuple[str, Outcome]) -> tuple[str, Json]:
    intent, outcome = settled
    return outcome.key.stage, {"intent": intent, **encode_outcome(outcome)}


def _applied(resource: AppliedResource) -> tuple[str, Json]:
    return resource.key.stage, {
        "key": str(resource.key),
        "label": resource.label,
        "revision": resource.revision,
        "fields": encode_fields(resource.fields),
    }


def _forgotten(key: Key) -> tuple[str, Json]:
    return key.stage, {"key": str(key)}


def _identity(identity: tuple[str, StageIdentity]) -> tuple[str, Json]:
    stage, known = identity
    return stage, {"key": known.key, "name": known.name, "purpose": known.purpose}


def _standing(standing: Standing) -> tuple[str, Json]:
    return standing.stage, encode_standing(standing)


def _decision(decision: Decision) -> tuple[str, Json]:
    return decision.stage, encode_decision(decision)


_EVENTS: Final[Mapping[str, Callable[[Any], tuple[str, Json]]]] = {
    "run": _run,
    "intent": _intent,
    "settled": _settled,
    "applied": _applied,
    "forgotten": _forgotten,
    "identity": _identity,
    "standing": _standing,
    "decision": _decision,
}

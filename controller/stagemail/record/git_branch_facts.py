"""Facts ↔ plain JSON: what one line of the record on a branch says. Encoding entries is ``events``' work.

Not here: lines, their numbers and seals (``git_branch_lines``).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from stagemail.model.inventory import StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.snapshot import AppliedResource
from stagemail.model.standing import Decision, Standing
from stagemail.record.codec import (
    Json,
    decode_decision,
    decode_fields,
    decode_instant,
    decode_standing,
    decode_values,
    encode_instant,
    unreadable,
)
from stagemail.record.events import event_of
from stagemail.record.ledger import CLOSED, LEASE, Fact, Holding, Ledger

KEPT_RUNS: Final = 50
"""How many finished runs of each stage stay when lines are put together; older ones are in Git's history."""


def encode_fact(fact: Fact) -> dict[str, Json]:
    """Kind, stage and body of a fact. Raises TypeError for what must not be stored."""
    kind, value = fact
    if kind == LEASE:
        times = {"since": encode_instant(value.since), "until": encode_instant(value.until)}
        body = {"scope": value.scope, "owner": value.owner, "fence": value.fence, **times}
        return {"kind": kind, "stage": "", "body": body}
    if kind == CLOSED:
        return {"kind": kind, "stage": "", "body": {"intent": value}}
    stage, body = event_of(kind, value)
    return {"kind": kind, "stage": stage, "body": body}


def decode_fact(data: Mapping[str, Json]) -> Fact:
    """The fact that ``encode_fact`` was given. Raises CorruptRecord."""
    try:
        kind, stage, body = data["kind"], data["stage"], data["body"]
        return kind, _DECODERS[kind](stage, body)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        pass
    raise unreadable("a fact")


def _run(stage: str, body: Json) -> Run:
    finished = decode_instant(body["finished"]) if body["finished"] else None
    outcomes = tuple(_outcome(outcome) for outcome in body["outcomes"])
    return Run(
        body["run"], stage, body["revision"], body["actor"], decode_instant(body["started"]), body["status"],
        finished, outcomes, body["live"], body["apps"], tuple(body["notLive"]),
    )  # fmt: skip


def _intent(_stage: str, body: Json) -> Intent:
    return Intent(
        body["intent"], body["run"], _key(body["key"]), body["label"], body["action"], decode_instant(body["at"]),
        decode_values(body["values"]), body["operation"],
    )  # fmt: skip


def _settled(_stage: str, body: Json) -> tuple[str, Outcome]:
    return body["intent"], _outcome(body)


def _outcome(body: Json) -> Outcome:
    return Outcome(
        body["step"], _key(body["key"]), body["label"], body["action"], body["status"], body["message"],
        body["retry"], tuple(body["fields"]),
    )  # fmt: skip


def _applied(_stage: str, body: Json) -> AppliedResource:
    return AppliedResource(_key(body["key"]), body["label"], decode_fields(body["fields"]), body["revision"])


def _forgotten(_stage: str, body: Json) -> Key:
    return _key(body["key"])


def _identity(stage: str, body: Json) -> tuple[str, StageIdentity]:
    return stage, StageIdentity(body["key"], body["name"], body["purpose"])


def _standing(stage: str, body: Json) -> Standing:
    return decode_standing(stage, body)


def _decision(_stage: str, body: Json) -> Decision:
    return decode_decision(body)


def _lease(_stage: str, body: Json) -> Holding:
    since, until = decode_instant(body["since"]), decode_instant(body["until"])
    return Holding(body["scope"], body["owner"], int(body["fence"]), since, until)


def _closed(_stage: str, body: Json) -> str:
    return str(body["intent"])


def _key(text: str) -> Key:
    stage, kind, key = text.split("/", 2)
    return Key(stage, next(known for known in (CONFIGURATION, BINDING) if known == kind), key)


_DECODERS: Final[Mapping[str, Callable[[str, Json], Any]]] = {
    "run": _run,
    "intent": _intent,
    "settled": _settled,
    "applied": _applied,
    "forgotten": _forgotten,
    "identity": _identity,
    "standing": _standing,
    "decision": _decision,
    LEASE: _lease,
    CLOSED: _closed,
}


def essence(ledger: Ledger) -> list[Fact]:
    """The facts that make an equal ledger, without old runs and without what is settled of runs that are over."""
    kept = _kept_runs(ledger)
    facts: list[Fact] = [("run", run) for run in ledger.run.values() if run.id in kept]
    running = {run.id for run in ledger.run.values() if run.finished is None}
    for intent in ledger.intent.values():
        if intent.id not in ledger.closed:
            facts.append(("intent", intent))
        elif intent.run in running:
            facts += [("intent", intent), (CLOSED, intent.id)]
    facts += [("applied", resource) for _, resource in sorted(ledger.resource.items())]
    facts += [("identity", known) for known in sorted(ledger.stage.items(), key=lambda item: item[0])]
    facts += [("standing", standing) for _, standing in sorted(ledger.standings.items())]
    facts += [("decision", decision) for decision in ledger.decisions()]
    return [*facts, *((LEASE, holding) for _, holding in sorted(ledger.holding.items()))]


def _kept_runs(ledger: Ledger) -> set[str]:
    kept = {run.id for run in ledger.run.values() if run.finished is None}
    for stage in {run.stage for run in ledger.run.values()}:
        kept |= {run.id for run in ledger.runs(stage, KEPT_RUNS)}
    return kept

"""Writes entries into the record's tables, and each of them as an event. The caller holds the transaction.

Entries of one kind that follow each other are written together: onboarding a stage records a thousand at once.
Not here: reading (``views``), leases.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.snapshot import AppliedResource
from stagemail.model.standing import Decision, Standing
from stagemail.ports import Entry
from stagemail.record.chain import HEAD, Head, body_text, head_of, seal_of
from stagemail.record.codec import encode_decision, encode_fields, encode_instant, encode_standing, encode_values
from stagemail.record.events import event_of
from stagemail.record.refusals import unknown_intent
from stagemail.record.tables import APPLIED, DECISIONS, EVENTS, IDENTITIES, INTENTS, MARKS, OUTCOMES, RUNS, STANDINGS
from stagemail.record.views import chunks

Rows = list[dict[str, Any]]


def keep(connection: Connection, entries: Iterable[Entry], at: datetime, key: bytes) -> None:
    """Write them all, in their order. Raises TypeError for what must not be stored, CorruptRecord."""
    members = [_member(entry) for entry in entries]
    for kinds in _APART:
        mine = (member for member in members if member[0] in kinds)
        for kind, group in groupby(mine, key=itemgetter(0)):
            _KEEPERS[kind](connection, [value for _, value in group])
    events = [(kind, *event_of(kind, value)) for kind, value in members if kind != "standing"]
    if events:
        _journal(connection, events, at, key)


def subjects(entries: Iterable[Entry]) -> Iterator[str]:
    """What an append is about: its stages, which two appends must not write at the same time."""
    for entry in entries:
        whole = entry.run or entry.standing or entry.decision
        keyed = entry.intent or entry.applied or (entry.settled[1] if entry.settled else None)
        key = keyed.key if keyed else entry.forgotten
        if whole or key or entry.identity:
            yield f"stage {whole.stage if whole else key.stage if key else entry.identity[0] if entry.identity else ''}"


def _journal(connection: Connection, events: Sequence[tuple[str, str, Any]], at: datetime, key: bytes) -> None:
    """Add events to the chain. The mark of its head is locked first, so that chains never fork."""
    where = MARKS.c.name == HEAD
    text = connection.scalar(select(MARKS.c.value).where(where).with_for_update())
    head = head_of(text, key)
    if head is None:
        last = connection.scalar(select(func.max(EVENTS.c.seq))) or 0
        head = Head(last + 1, last, "")
    rows, when, seal = [], encode_instant(at), head.seal
    for number, (kind, stage, body) in enumerate(events, head.last + 1):
        seal = seal_of(key, seal, (number, when, stage, kind, body_text(body)))
        rows.append({"seq": number, "at": at, "stage": stage, "kind": kind, "body": body, "seal": seal})
    head = replace(head, last=head.last + len(rows), seal=seal)
    connection.execute(insert(EVENTS), rows)
    if text is None:
        connection.execute(insert(MARKS).values(name=HEAD, value=head.text(key)))
    else:
        connection.execute(update(MARKS).where(where).values(value=head.text(key)))


def _member(entry: Entry) -> tuple[str, Any]:
    """The one member of an entry that is set, with its name."""
    members = [(kind, value) for kind in _KEEPERS if (value := getattr(entry, kind)) is not None]
    if len(members) != 1:
        raise TypeError("an entry holds exactly one thing")
    return members[0]


def _keep_runs(connection: Connection, runs: Sequence[Run]) -> None:
    for run in runs:
        values = {
            name: getattr(run, name)
            for name in ("stage", "revision", "actor", "started", "status", "finished", "live", "apps")
        } | {"not_live": list(run.not_live)}
        if connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(values)).rowcount == 0:
            connection.execute(insert(RUNS).values(id=run.id, **values))
        if run.outcomes:
            connection.execute(delete(OUTCOMES).where(OUTCOMES.c.run == run.id))
            rows = [_outcome_row(run.id, position, outcome) for position, outcome in enumerate(run.outcomes)]
            connection.execute(insert(OUTCOMES), rows)


def _keep_intents(connection: Connection, intents: Sequence[Intent]) -> None:
    rows = {intent.id: _intent_row(intent) for intent in intents}
    known = _rows_of(connection, list(rows))
    fresh = [row | {"settled": False} for id_, row in rows.items() if id_ not in known]
    again = [{f"new_{name}": value for name, value in row.items()} for id_, row in rows.items() if id_ in known]
    if fresh:
        connection.execute(insert(INTENTS), fresh)
    if again:
        changed: dict[str, Any] = {name[4:]: bindparam(name) for name in again[0] if name != "new_id"}
        connection.execute(update(INTENTS).where(INTENTS.c.id == bindparam("new_id")).values(changed), again)


def _keep_settled(connection: Connection, settled: Sequence[tuple[str, Outcome]]) -> None:
    run_of = _rows_of(connection, [intent for intent, _ in settled])
    for intent, _ in settled:
        if intent not in run_of:
            raise unknown_intent(intent)
    closed = [{"closed": intent} for intent in run_of]
    connection.execute(update(INTENTS).where(INTENTS.c.id == bindparam("closed")).values(settled=True), closed)
    by_run: dict[str, dict[str, Outcome]] = {}
    for intent, outcome in settled:
        latest = by_run.setdefault(run_of[intent], {})
        latest.pop(outcome.step, None)
        latest[outcome.step] = outcome
    for run, outcomes in by_run.items():
        if connection.scalar(select(RUNS.c.seq).where(RUNS.c.id == run)) is not None:
            _join(connection, run, list(outcomes.values()))


def _join(connection: Connection, run: str, outcomes: Sequence[Outcome]) -> None:
    """Add outcomes to a run's; a newer one of the same step replaces the old one and comes last."""
    same = (OUTCOMES.c.run == run) & (OUTCOMES.c.step == bindparam("same_step"))
    connection.execute(delete(OUTCOMES).where(same), [{"same_step": outcome.step} for outcome in outcomes])
    last = connection.scalar(select(func.max(OUTCOMES.c.position)).where(OUTCOMES.c.run == run))
    first = 0 if last is None else last + 1
    connection.execute(insert(OUTCOMES), [_outcome_row(run, first + n, outcome) for n, outcome in enumerate(outcomes)])


def _keep_applied(connection: Connection, resources: Sequence[AppliedResource]) -> None:
    rows = {
        resource.key: _key_row(resource.key)
        | {"label": resource.label, "revision": resource.revision, "fields": encode_fields(resource.fields)}
        for resource in resources
    }
    _forget(connection, list(rows))
    connection.execute(insert(APPLIED), list(rows.values()))


def _forget(connection: Connection, keys: Sequence[Key]) -> None:
    where = [APPLIED.c[name] == bindparam(f"old_{name}") for name in ("stage", "kind", "key")]
    old = [{f"old_{name}": value for name, value in _key_row(key).items()} for key in keys]
    connection.execute(delete(APPLIED).where(*where), old)


def _keep_identities(connection: Connection, identities: Sequence[tuple[str, StageIdentity]]) -> None:
    for stage, identity in identities:
        connection.execute(delete(IDENTITIES).where(IDENTITIES.c.stage == stage))
        values = {"stage": stage, "key": identity.key, "name": identity.name, "purpose": identity.purpose}
        connection.execute(insert(IDENTITIES).values(values))


def _keep_standings(connection: Connection, standings: Sequence[Standing]) -> None:
    for standing in standings:
        connection.execute(delete(STANDINGS).where(STANDINGS.c.stage == standing.stage))
        connection.execute(insert(STANDINGS).values(stage=standing.stage, body=encode_standing(standing)))


def _keep_decisions(connection: Connection, decisions: Sequence[Decision]) -> None:
    rows = [{"id": d.id, "stage": d.stage, "at": d.at, "body": encode_decision(d)} for d in decisions]
    connection.execute(insert(DECISIONS), rows)


def _rows_of(connection: Connection, intents: Sequence[str]) -> Mapping[str, str]:
    """The run of each of these intents that the record knows."""
    found: dict[str, str] = {}
    for some in chunks(intents):
        rows = connection.execute(select(INTENTS.c.id, INTENTS.c.run).where(INTENTS.c.id.in_(some)))
        found |= {row.id: row.run for row in rows}
    return found


def _key_row(key: Key) -> dict[str, Any]:
    return {"stage": key.stage, "kind": key.kind, "key": key.id}


def _intent_row(intent: Intent) -> dict[str, Any]:
    return _key_row(intent.key) | {
        "id": intent.id,
        "run": intent.run,
        "label": intent.label,
        "action": intent.action,
        "at": intent.at,
        "written": encode_values(intent.values),
        "operation": intent.operation,
    }


def _outcome_row(run: str, position: int, outcome: Outcome) -> dict[str, Any]:
    return _key_row(outcome.key) | {
        "run": run,
        "position": position,
        "step": outcome.step,
        "label": outcome.label,
        "action": outcome.action,
        "status": outcome.status,
        "message": outcome.message,
        "retry": outcome.retry,
        "fields": list(outcome.fields),
    }


_APART: Final = (("run", "intent", "settled"), ("applied", "forgotten"), ("identity",), ("standing",), ("decision",))
"""Kinds that share tables; entries of different ones may change places, which lets more of them be written together."""

_KEEPERS: Final[Mapping[str, Callable[[Connection, Sequence[Any]], None]]] = {
    "run": _keep_runs,
    "intent": _keep_intents,
    "settled": _keep_settled,
    "applied": _keep_applied,
    "forgotten": _forget,
    "identity": _keep_identities,
    "standing": _keep_standings,
    "decision": _keep_decisions,
}

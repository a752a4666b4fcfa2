"""Reads the record's tables as model data. Each function runs inside a transaction of the caller.

Not here: writing (``entries``).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, String, select, type_coerce

from stagemail.model.event import Copied, Event
from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.model.standing import Audit, Decision, Standing
from stagemail.record.chain import HEAD, audit, copied_of
from stagemail.record.codec import decode_decision, decode_fields, decode_standing, decode_values, unreadable
from stagemail.record.tables import APPLIED, DECISIONS, EVENTS, IDENTITIES, INTENTS, MARKS, OUTCOMES, RUNS, STANDINGS
from stagemail.record.versions import COPIED, MOST_DECISIONS

CHUNK: Final = 500
"""How many values one IN list names at most; every engine takes that many."""

_T = TypeVar("_T")


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """The values in lists of at most ``CHUNK``."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def applied(connection: Connection, stage: str) -> Applied:
    """One stage's applied resources, in one query, and its identity."""
    found = connection.execute(select(IDENTITIES).where(IDENTITIES.c.stage == stage)).one_or_none()
    identity = StageIdentity(found.key, found.name, found.purpose) if found else None
    rows = connection.execute(select(APPLIED).where(APPLIED.c.stage == stage))
    resources = [AppliedResource(_key(row), row.label, decode_fields(row.fields), row.revision) for row in rows]
    return Applied(stage, identity, tuple(sorted(resources, key=lambda resource: resource.key)))


def stages_of(connection: Connection, key: str) -> tuple[str, ...]:
    """The stages whose identity has this key, sorted."""
    found = connection.execute(select(IDENTITIES.c.stage).where(IDENTITIES.c.key == key)).scalars()
    return tuple(sorted(found))


def open_intents(connection: Connection, stage: str) -> tuple[Intent, ...]:
    """One stage's intents without an outcome, oldest first."""
    wanted = (INTENTS.c.stage == stage) & INTENTS.c.settled.is_(False)
    rows = connection.execute(select(INTENTS).where(wanted).order_by(INTENTS.c.at, INTENTS.c.seq))
    return tuple(
        Intent(row.id, row.run, _key(row), row.label, row.action, row.at, decode_values(row.written), row.operation)
        for row in rows
    )


def runs(connection: Connection, stage: str | None, limit: int) -> tuple[Run, ...]:
    """The newest runs with their outcomes, newest first: as they were recorded, since a clock may be set back."""
    wanted = select(RUNS).order_by(RUNS.c.seq.desc()).limit(max(limit, 0))
    if stage is not None:
        wanted = wanted.where(RUNS.c.stage == stage)
    rows = connection.execute(wanted).all()
    outcomes = _outcomes(connection, [row.id for row in rows])
    return tuple(_run(row, tuple(outcomes[row.id])) for row in rows)


def standing(connection: Connection, stage: str) -> Standing:
    """How a stage stands."""
    body = connection.scalar(select(STANDINGS.c.body).where(STANDINGS.c.stage == stage))
    return Standing(stage) if body is None else decode_standing(stage, body)


def decisions(connection: Connection) -> tuple[Decision, ...]:
    """The newest decisions, oldest first."""
    newest = select(DECISIONS.c.body).order_by(DECISIONS.c.seq.desc()).limit(MOST_DECISIONS)
    return tuple(decode_decision(body) for body in connection.scalars(newest))[::-1]


def audited(connection: Connection, key: bytes) -> Audit:
    """Go through the whole journal."""
    head = connection.scalar(select(MARKS.c.value).where(MARKS.c.name == HEAD))
    columns = (EVENTS.c.seq, EVENTS.c.at, EVENTS.c.stage, EVENTS.c.kind, EVENTS.c.body, EVENTS.c.seal)
    stored = (type_coerce(column, String) if column.name in ("at", "body") else column for column in columns)
    rows = connection.execute(select(*stored).order_by(EVENTS.c.seq)).yield_per(1000)
    return audit((tuple(row) for row in rows), head, key)


def events(connection: Connection, after: int, most: int) -> tuple[Event, ...]:
    """Events above a number, as they are stored."""
    columns = (EVENTS.c.seq, EVENTS.c.at, EVENTS.c.stage, EVENTS.c.kind, EVENTS.c.body)
    stored = (type_coerce(column, String) if column.name in ("at", "body") else column for column in columns)
    wanted = select(*stored).where(EVENTS.c.seq > after).order_by(EVENTS.c.seq).limit(most)
    return tuple(Event(*row) for row in connection.execute(wanted))


def copied(connection: Connection) -> Copied | None:
    """How far the journal was copied."""
    return copied_of(connection.scalar(select(MARKS.c.value).where(MARKS.c.name == COPIED)))


def _run(row: Row[Any], outcomes: tuple[Outcome, ...]) -> Run:
    if not isinstance(row.not_live, list):
        raise unreadable("a run")
    return Run(
        id=row.id,
        stage=row.stage,
        revision=row.revision,
        actor=row.actor,
        started=row.started,
        status=row.status,
        finished=row.finished,
        outcomes=outcomes,
        live=row.live,
        apps=row.apps,
        not_live=tuple(row.not_live),
    )


def _outcomes(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    for some in chunks(run_ids):
        wanted: ColumnElement[bool] = OUTCOMES.c.run.in_(some)
        for row in connection.execute(select(OUTCOMES).where(wanted).order_by(OUTCOMES.c.run, OUTCOMES.c.position)):
            found[row.run].append(_outcome(row))
    return found


def _outcome(row: Row[Any]) -> Outcome:
    if not isinstance(row.fields, list):
        raise unreadable("an outcome")
    key = _key(row)
    return Outcome(row.step, key, row.label, row.action, row.status, row.message, row.retry, tuple(row.fields))


def _key(row: Row[Any]) -> Key:
    return Key(row.stage, row.kind, row.key)

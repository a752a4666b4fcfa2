"""JSON Schemas of our own reports, generated from the dataclasses that they are written from.

Pure: gives the texts; ``stagemail schema --write`` puts them into ``schemas/`` and a test sees when they are stale.
Not here: the schemas of authored documents (``resources``).
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import datetime
from inspect import cleandoc
from typing import Any, Literal, Union, get_args, get_origin

from stagemail.model.field import Value
from stagemail.model.plan import Plan
from stagemail.model.problem import Problem
from stagemail.model.review import Review
from stagemail.report.codec import TAGS, Json, members
from stagemail.report.envelope import VERSION, written
from stagemail.report.failure import Failure
from stagemail.report.problems_json import Counts
from stagemail.report.review import ReviewCounts
from stagemail.report.secret_status import SecretStatus
from stagemail.report.sender import StageSender
from stagemail.report.summary import PlanSummary

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
}


def schema_texts() -> dict[str, str]:
    """The published schemas by file name."""
    return {
        "plan-report.schema.json": written(_plan_report()),
        "problems-report.schema.json": written(_problems_report()),
        "review-report.schema.json": written(_review_report()),
        "secrets-status.schema.json": written(_secrets_status()),
        "check-sender.schema.json": written(_check_sender()),
    }


def _plan_report() -> Json:
    defs: dict[str, Json] = {}
    digest = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$", "description": "Checksum of `plans`."}
    properties = {
        "digest": digest,
        "summaries": _list(PlanSummary, defs),
        "failures": _list(Failure, defs),
        "plans": _list(Plan, defs),
    }
    return _report("plan-report", "PlanReport", "What would be done to each stage, and why.", properties, defs)


def _problems_report() -> Json:
    defs: dict[str, Json] = {}
    properties = {"counts": _schema(Counts, defs), "problems": _list(Problem, defs)}
    text = "Everything that is wrong in the documents of one revision."
    return _report("problems-report", "ProblemsReport", text, properties, defs)


def _review_report() -> Json:
    defs: dict[str, Json] = {}
    properties = {"counts": _schema(ReviewCounts, defs), "review": _schema(Review, defs)}
    text = "What a person would want to know of one message before it is sent."
    return _report("review-report", "ReviewReport", text, properties, defs)


def _secrets_status() -> Json:
    defs: dict[str, Json] = {}
    properties = {"secrets": _list(SecretStatus, defs), "failures": _list(Failure, defs)}
    text = "Every credential that is referenced: where it is used, how old it is, when it runs out, where it is live."
    return _report("secrets-status", "SecretsStatus", text, properties, defs)


def _check_sender() -> Json:
    defs: dict[str, Json] = {}
    again = {"type": "array", "items": {"type": "string"}, "description": "Stages worth asking for again."}
    properties = {"retryable": again, "stages": _list(StageSender, defs)}
    text = "What DNS says of each stage's sender and relay, check by check."
    return _report("check-sender", "CheckSender", text, properties, defs)


def _list(kind: type, defs: dict[str, Json]) -> Json:
    return {"type": "array", "items": _schema(kind, defs)}


def _report(kind: str, title: str, description: str, properties: Json, defs: dict[str, Json]) -> Json:
    version = {"const": VERSION, "description": "Grows when a reader of the old form would misread the new one."}
    return {
        "$schema": DIALECT,
        "$id": f"urn:stagemail:schema:v1:{title}",
        "title": title,
        "description": description,
        **_object({"version": version, "kind": {"const": kind}, **properties}),
        "$defs": {name: defs[name] for name in sorted(defs)},
    }


def _object(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _schema(kind: Any, defs: dict[str, Json]) -> Json:
    if kind == Value:
        return _named("Value", defs, lambda: {"description": cleandoc(_VALUE), **_union(get_args(kind), defs)})
    if is_dataclass(kind) and isinstance(kind, type):
        return _named(kind.__name__, defs, lambda: _dataclass(kind, defs))
    writer = _WRITERS.get(get_origin(kind))
    return writer(get_args(kind), defs) if writer else dict(_PLAIN[kind])


_VALUE = """A field's value: text, number, truth value, null where nothing is set, a list of mailboxes; a secret only
as its reference, its state (version and keyed fingerprint), or masked as the platform shows it."""


def _named(name: str, defs: dict[str, Json], build: Any) -> Json:
    if name not in defs:
        defs[name] = {}
        defs[name] = build()
    return {"$ref": f"#/$defs/{name}"}


def _union(choices: tuple[Any, ...], defs: dict[str, Json]) -> Json:
    return {"anyOf": [_schema(choice, defs) for choice in choices]}


def _literal(choices: tuple[Any, ...], defs: dict[str, Json]) -> Json:
    del defs
    return {"enum": list(choices)}


def _mapping(kinds: tuple[Any, ...], defs: dict[str, Json]) -> Json:
    return {"type": "object", "additionalProperties": _schema(kinds[1], defs)}


def _tuple(items: tuple[Any, ...], defs: dict[str, Json]) -> Json:
    if len(items) == 2 and items[1] is Ellipsis:
        return {"type": "array", "items": _schema(items[0], defs)}
    listed = [_schema(item, defs) for item in items]
    return {"type": "array", "prefixItems": listed, "items": False, "minItems": len(items)}


def _dataclass(kind: type, defs: dict[str, Json]) -> Json:
    inner = _object({name: _schema(hint, defs) for _, name, hint in members(kind)})
    described = {"title": kind.__name__, "description": cleandoc(kind.__doc__ or "").replace("``", "`")}
    tag = TAGS.get(kind)
    return {**described, **(_object({tag: inner}) if tag else inner)}


_WRITERS: dict[Any, Callable[[tuple[Any, ...], dict[str, Json]], Json]] = {
    Union: _union,
    types.UnionType: _union,
    Literal: _literal,
    tuple: _tuple,
    Mapping: _mapping,
}

"""Every kind of document with every field, from the published JSON Schemas and the model of the mapping file.

Not here: what the whole means (the pages say it).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docs.generate.table import code, table
from stagemail.resources import schemas
from stagemail.target.odc.mapping import OdcMapping

Schema = dict[str, Any]
HEADER = ["field", "type", "what", "example", "source"]


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a kind. ``case`` says when it exists: `type: basic`."""

    path: str
    required: bool
    case: str
    schema: Schema


def stage_kinds() -> str:
    """The kinds that stages are described with."""
    return "\n".join(_page(kind) for kind in ("EmailConfiguration", "AppBinding", "Waiver"))


def operator() -> str:
    """The operator file."""
    return _page("Operator")


def mapping() -> str:
    """The mapping file of an ODC target."""
    schema = OdcMapping.model_json_schema()
    rows = [[_name(row), _type(row.schema), _said(row), _default(row.schema)] for row in rows_of(schema)]
    return table(["field", "type", "what", "default"], rows)


def rows_of(schema: Schema) -> list[Row]:
    """Every field of a schema, flat: ``spec.server.host``."""
    return _distinct(_walk(schema, schema, "", ""))


def _distinct(rows: Iterator[Row]) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        found.setdefault((row.path, row.case), row)
    return list(found.values())


def _page(kind: str) -> str:
    schema = schemas.generate()[f"{kind}.schema.json"]
    rows = [
        [_name(row), _type(row.schema), _what(row), _example(row.schema), str(row.schema.get("x-source", ""))]
        for row in rows_of(schema)
    ]
    return f"## {kind}\n\n{schema.get('description', '')}\n\n{table(HEADER, rows)}"


def _walk(node: Schema, root: Schema, path: str, case: str) -> Iterator[Row]:
    """The fields of a mapping, those that depend on a choice, and those below each."""
    node = _resolved(node, root)
    required = node.get("required", [])
    for name, child in node.get("properties", {}).items():
        full = _resolved(child, root)
        here = f"{path}.{name}" if path else name
        if full.get("description") or full.get("examples") or "const" in full:
            yield Row(here, name in required, case, full)
        yield from _below(full, root, here, case)
    yield from _choices(node, root, path)


def _below(node: Schema, root: Schema, path: str, case: str) -> Iterator[Row]:
    if "items" in node:
        yield from _walk(node["items"], root, f"{path}[]", case)
    if isinstance(node.get("additionalProperties"), dict):
        yield from _walk(node["additionalProperties"], root, f"{path}.<name>", case)
    yield from _walk(node, root, path, case)


def _choices(node: Schema, root: Schema, path: str) -> Iterator[Row]:
    for branch in node.get("allOf", []):
        if "if" in branch:
            (tag, condition), *_ = branch["if"]["properties"].items()
            yield from _walk(branch["then"], root, path, f"{tag}: {condition['const']}")


def _resolved(node: Schema, root: Schema) -> Schema:
    """The schema with what its ``$ref`` says; its own words win."""
    while True:
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            node = {**root["$defs"][name], **{key: value for key, value in node.items() if key != "$ref"}}
        elif len(node.get("anyOf", [])) == 2 and {"type": "null"} in node["anyOf"]:
            other = next(choice for choice in node["anyOf"] if choice != {"type": "null"})
            node = {**other, **{key: value for key, value in node.items() if key != "anyOf"}}
        else:
            return node


def _name(row: Row) -> str:
    return code(row.path) + (" (required)" if row.required else "")


def _type(schema: Schema) -> str:
    if "const" in schema:
        return code(str(schema["const"]))
    if "enum" in schema:
        return ", ".join(code(str(choice)) for choice in schema["enum"])
    if schema.get("type") == "array":
        return "list"
    found = schema.get("type", "")
    words = " or ".join(found) if isinstance(found, list) else str(found)
    return {"object": "mapping", "string": "text"}.get(words, words)


def _what(row: Row) -> str:
    when = f"Only with {code(row.case)}. " if row.case else ""
    known = (("minimum", "at least"), ("maximum", "at most"))
    limits = ", ".join(f"{word} {row.schema[key]}" for key, word in known if key in row.schema)
    default = row.schema.get("default")
    silent = default in (None, [], {}) or "left out" in _said(row)
    left_out = "" if silent else f" Left out: {code(_written(default))}."
    return f"{when}{_said(row)}{f' Limits: {limits}.' if limits else ''}{left_out}"


def _said(row: Row) -> str:
    return str(row.schema.get("description", ""))


def _default(schema: Schema) -> str:
    return code(_written(schema["default"])) if "default" in schema else ""


def _example(schema: Schema) -> str:
    examples = schema.get("examples", [])
    return code(_written(examples[0])) if examples else ""


def _written(value: Any, *, inside: bool = False) -> str:
    """A value as it looks in YAML's flow style; ``inside`` a list or mapping more texts need quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(item, inside=True)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(item, inside=True) for item in value) + "]"
    if isinstance(value, str):
        special = not value or value.isdecimal() or value[0] in "*&!%@`#" or (inside and set(value) & set("{}[]:,*?#"))
        return json.dumps(value, ensure_ascii=False) if special else value
    return json.dumps(value)

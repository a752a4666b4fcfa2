"""Generates the published JSON Schemas (2020-12) from the models: one file per kind, and a bundle chosen by ``kind``.

Unions become if/then on their constant, because a bare ``oneOf`` explains nothing. Every ``$ref`` is local.
Not here: finding the packaged files (``location``), validating with them (``source.schema``).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from stagemail.resources.app_binding import AppBinding
from stagemail.resources.email_configuration import EmailConfiguration
from stagemail.resources.operator import Operator
from stagemail.resources.shape import API_VERSION
from stagemail.resources.waiver import Waiver

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
KINDS: Final[dict[str, type[BaseModel]]] = {
    "AppBinding": AppBinding,
    "EmailConfiguration": EmailConfiguration,
    "Operator": Operator,
    "Waiver": Waiver,
}
BUNDLE: Final = "stagemail.schema.json"


class _Generator(GenerateJsonSchema):
    """pydantic's generator with if/then for tagged unions and without null: an empty value is never meant."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if not isinstance(found.get("default"), str | int | float):
            found.pop("default", None)  # "nothing" says nothing, and a whole shape's default is its fields' defaults
        return found

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A mapping whose names are closed: ``patternProperties`` would let every other name through unseen."""
        found: JsonSchemaValue = {
            "type": "object",
            "propertyNames": self.generate_inner(schema["keys_schema"]),
            "additionalProperties": self.generate_inner(schema["values_schema"]),
        }
        if "min_length" in schema:
            found["minProperties"] = schema["min_length"]
        return found

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        tag = str(schema["discriminator"])
        branches = {str(name): self.generate_inner(choice) for name, choice in schema["choices"].items()}
        return {
            "type": "object",
            "required": [tag],
            "properties": {tag: {"enum": list(branches)}},
            "allOf": [
                {"if": {"properties": {tag: {"const": name}}, "required": [tag]}, "then": branch}
                for name, branch in branches.items()
            ],
        }


def _schema(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    found = model.model_json_schema(schema_generator=_Generator)
    return {"$schema": DIALECT, "$id": f"urn:stagemail:schema:v1:{kind}", **found}


def _bundle(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    for kind, schema in schemas.items():
        body = {name: value for name, value in schema.items() if name not in {"$schema", "$id", "$defs"}}
        for name, definition in {**schema.get("$defs", {}), kind: body}.items():
            if definitions.setdefault(name, definition) != definition:
                raise ValueError(f"two different definitions are called {name}")
    return {
        "$schema": DIALECT,
        "$id": "urn:stagemail:schema:v1",
        "title": "stagemail document",
        "description": "Any document of stagemail, chosen by its kind.",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "The version of stagemail's formats."},
            "kind": {"enum": list(schemas), "description": "What the document is."},
        },
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{kind}"},
            }
            for kind in schemas
        ],
        "$defs": dict(sorted(definitions.items())),
    }


def generate() -> dict[str, dict[str, Any]]:
    """Every published schema by its file name."""
    schemas = {kind: _schema(kind, model) for kind, model in KINDS.items()}
    return {**{f"{kind}.schema.json": schema for kind, schema in schemas.items()}, BUNDLE: _bundle(schemas)}


def rendered() -> dict[str, str]:
    """The text of every file: equal models give equal bytes."""
    return {
        name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in sorted(generate().items())
    }


def write(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Write what is stale of these files; gives the names of those that changed."""
    changed = stale(folder, texts)
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        (folder / name).write_text(texts[name], encoding="utf-8")
    return changed


def stale(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """The names of the files that are missing or differ from these texts."""
    return [name for name, text in texts.items() if _read(folder / name) != text]


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None

"""What every authored shape has in common: closed, strict, frozen, camelCase, and silent about what it was given.

``rule`` is how a field says what it is for, how it looks, and which document the rule comes from.
Not here: shapes of a kind.
"""

import os
import re
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from stagemail.resources.text import Name

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# Nobody else's code may see what is validated here; and to look for plugins costs a file of every installed package.

API_VERSION: Final = "stagemail/v1"
SOURCE: Final = "x-source"
"""The JSON Schema annotation that names where a rule comes from."""


def _words(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).lower()
    return words[:1].upper() + words[1:]


class Shape(BaseModel):
    """A mapping in an authored document. Unknown fields, other types and empty values are refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        validate_default=True,
        field_title_generator=lambda name, _info: _words(name),
        model_title_generator=lambda model: _words(model.__name__),
    )

    @model_validator(mode="before")
    @classmethod
    def _no_empty_values(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for name, value in data.items():
                if value is None:
                    raise ValueError(f"`{name}` is empty: give it a value or leave the line out")
        return data


def rule(description: str, *, example: Any, source: str, default: Any = ...) -> Any:
    """A field of a shape: what it is for, one example, and where the rule comes from."""
    return Field(default, description=description, examples=[example], json_schema_extra={SOURCE: source})


class Unique:
    """Marks a list in which nothing stands twice (``uniqueItems`` in its schema)."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        found["uniqueItems"] = True
        return found

    @staticmethod
    def _check(items: list[Any]) -> list[Any]:
        if any(item in items[:index] for index, item in enumerate(items)):
            raise ValueError("an entry stands twice in this list")
        return items


class Metadata(Shape):
    """How people and messages call this document."""

    name: Name = rule(
        "The name of this document: unique among the documents of its kind in a stage.",
        example="corporate-relay",
        source="DNS label, RFC 1123 section 2.1",
    )


class Document(Shape):
    """An authored document: which version of which kind it is. Its kind adds ``kind`` and what it says."""

    api_version: Literal["stagemail/v1"] = rule(
        "The version of stagemail's formats.", example=API_VERSION, source="stagemail design: the reconciled YAML"
    )

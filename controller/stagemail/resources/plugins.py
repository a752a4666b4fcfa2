"""Settings that belong to a plugin: a target or a secret store, chosen by ``type``.

A registry maps each type to the pydantic model of its settings. The committed schema describes the types that come
with stagemail and leaves others open; their own model judges them when the operator file is loaded.
Not here: finding plugins (``wiring``), the settings of one type (``targets``, ``stores``).
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from stagemail.dataclass import dataclass
from stagemail.resources.nearest import nearest

Family = Literal["targets", "stores"]


@dataclass(frozen=True, slots=True)
class Registries:
    """The settings models of every plugin that is installed, by the ``type`` that the operator file writes."""

    targets: Mapping[str, type[BaseModel]]
    stores: Mapping[str, type[BaseModel]]


def built_in() -> Registries:
    """What comes with stagemail."""
    # Eleven models for the two or three that an operator file names: a command that has registries needs none of them.
    from stagemail.resources.built_in import STORES, TARGETS  # noqa: PLC0415

    return Registries(targets=TARGETS, stores=STORES)


class Plugin:
    """Marks a field whose value is judged by the model that its ``type`` names in a registry."""

    def __init__(self, family: Family, noun: str) -> None:
        self.family: Family = family
        self.noun = noun

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self._build)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        models: Mapping[str, type[BaseModel]] = getattr(built_in(), self.family)
        return {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"type": "string", "description": f"The type of {self.noun}."}},
            "allOf": [
                {"if": _is(name), "then": handler(models[name].__pydantic_core_schema__)} for name in sorted(models)
            ],
        }

    def _build(self, value: Any, info: ValidationInfo) -> BaseModel:
        registries = info.context if isinstance(info.context, Registries) else built_in()
        models: Mapping[str, type[BaseModel]] = getattr(registries, self.family)
        named = value.get("type") if isinstance(value, dict) else None
        model = models.get(named) if isinstance(named, str) else None
        if model is None:
            meant = nearest(str(named), models, self.noun)
            raise PydanticCustomError(
                "unknown_type", "no {noun} of type `{named}` is installed: {meant}",
                {"noun": self.noun, "named": str(named), "meant": meant},
            )  # fmt: skip
        return model.model_validate(value, context=info.context)


def _is(name: str) -> dict[str, Any]:
    return {"properties": {"type": {"const": name}}, "required": ["type"]}

"""The published schemas: current, local, closed, chosen by kind."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stagemail.errors import NotFound
from stagemail.resources import location, schemas
from stagemail.resources.shape import SOURCE

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for member in node.values():
            yield from walk(member)
    elif isinstance(node, list):
        for member in node:
            yield from walk(member)


def test_the_committed_schemas_are_what_the_models_say() -> None:
    assert schemas.stale(SCHEMAS, schemas.rendered()) == []


def test_a_missing_and_an_edited_file_are_stale_and_write_mends_them(tmp_path: Path) -> None:
    assert len(schemas.write(tmp_path, schemas.rendered())) == 5
    assert schemas.stale(tmp_path, schemas.rendered()) == []
    (tmp_path / "Waiver.schema.json").unlink()
    (tmp_path / "AppBinding.schema.json").write_text("{}\n", encoding="utf-8")
    assert schemas.write(tmp_path, schemas.rendered()) == ["AppBinding.schema.json", "Waiver.schema.json"]
    assert schemas.stale(tmp_path, schemas.rendered()) == []


def test_generating_twice_gives_equal_bytes_that_end_with_a_line_feed() -> None:
    first, second = schemas.rendered(), schemas.rendered()
    assert first == second
    assert all(text.endswith("}\n") for text in first.values())


@pytest.mark.parametrize("name", sorted(schemas.generate()))
def test_a_schema_is_valid_has_a_urn_and_only_local_references(name: str) -> None:
    schema = schemas.generate()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].startswith("urn:stagemail:schema:v1")
    assert all(node["$ref"].startswith("#/$defs/") for node in walk(schema) if isinstance(node.get("$ref"), str))


@pytest.mark.parametrize("kind", sorted(schemas.KINDS))
def test_every_mapping_is_closed_and_no_union_is_bare(kind: str) -> None:
    schema = schemas.generate()[f"{kind}.schema.json"]
    for node in walk(schema):
        assert not {"oneOf", "anyOf", "patternProperties"} & set(node)
        if "properties" in node and "title" in node and "additionalProperties" not in node:
            assert "allOf" in node, node["title"]  # a union: its branches are closed
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("kind", sorted(schemas.KINDS))
def test_every_field_has_a_description_an_example_and_a_source(kind: str) -> None:
    schema = schemas.generate()[f"{kind}.schema.json"]
    for definition in [schema, *schema["$defs"].values()]:
        for name, field in definition["properties"].items():
            there = schema["$defs"].get(field.get("$ref", "").removeprefix("#/$defs/"), {})
            assert field.get("description") or there.get("description"), name
            assert field["examples"], name
            assert field[SOURCE], name


@pytest.mark.parametrize("kind", sorted(schemas.KINDS))
def test_every_example_of_a_field_is_valid_for_that_field(kind: str) -> None:
    schema = schemas.generate()[f"{kind}.schema.json"]
    for definition in [schema, *schema["$defs"].values()]:
        for name, field in definition["properties"].items():
            validator = jsonschema.Draft202012Validator({**field, "$defs": schema["$defs"]})
            for example in field["examples"]:
                assert not list(validator.iter_errors(example)), (name, example)


def test_the_folder_is_found_in_a_checkout() -> None:
    location.schema_folder.cache_clear()
    assert json.loads((location.schema_folder() / "stagemail.schema.json").read_text(encoding="utf-8"))["$defs"]


def test_the_folder_is_found_in_an_installed_package_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = tmp_path / "site-packages" / "stagemail"
    schemas.write(packaged / "schemas", schemas.rendered())
    monkeypatch.setattr(location, "_PACKAGE", packaged)
    location.schema_folder.cache_clear()
    try:
        assert location.schema_folder() == packaged / "schemas"
    finally:
        location.schema_folder.cache_clear()


def test_an_installation_without_schemas_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location, "_PACKAGE", tmp_path / "a" / "b")
    location.schema_folder.cache_clear()
    try:
        with pytest.raises(NotFound, match="install stagemail again"):
            location.schema_folder()
    finally:
        location.schema_folder.cache_clear()

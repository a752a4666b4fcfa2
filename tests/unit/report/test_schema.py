"""The published schemas of our reports: fresh, valid, and true to what is written."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.report.samples import PLAN, PROBLEMS

from stagemail.model.plan import Plan
from stagemail.model.problem import Problem
from stagemail.report.plan_json import plans_json
from stagemail.report.problems_json import problems_json
from stagemail.report.schema import schema_texts

FOLDER = Path(__file__).parents[3] / "schemas"
SCHEMAS: dict[str, Any] = {name: json.loads(text) for name, text in schema_texts().items()}
PLANS = jsonschema.Draft202012Validator(SCHEMAS["plan-report.schema.json"])


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_published_schema_is_fresh(name: str) -> None:
    assert (FOLDER / name).read_text() == schema_texts()[name], "run `stagemail schema --write`"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_schema_is_valid_and_refers_to_nothing_outside(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"].startswith("urn:stagemail:schema:v1:")
    assert '"$ref": "#/$defs/' in schema_texts()[name]
    assert schema_texts()[name].count('"$ref"') == schema_texts()[name].count('"$ref": "#/$defs/')


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plan=st.from_type(Plan))
def test_every_plan_fits_the_schema(plan: Plan) -> None:
    PLANS.validate(json.loads(plans_json([plan])))


@settings(max_examples=50, deadline=None)
@given(problems=st.lists(st.from_type(Problem)))
def test_every_list_of_problems_fits_the_schema(problems: list[Problem]) -> None:
    schema = SCHEMAS["problems-report.schema.json"]
    jsonschema.Draft202012Validator(schema).validate(json.loads(problems_json(problems)))


def test_the_schema_refuses_what_we_do_not_write() -> None:
    data = json.loads(plans_json([PLAN]))
    for change in ({"version": 2}, {"kind": "x"}, {"more": 1}, {"plans": [{}]}, {"digest": "x"}):
        assert not PLANS.is_valid({**data, **change})
    changed = json.loads(plans_json([PLAN]))
    changed["plans"][0]["steps"][0]["action"] = "delete"
    assert not PLANS.is_valid(changed)


def test_problems_have_their_counts() -> None:
    assert json.loads(problems_json(PROBLEMS))["counts"] == {"error": 2, "warning": 1, "note": 1}

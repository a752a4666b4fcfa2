"""The waivers to paste are valid documents and say exactly what the plan holds."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report.samples import PLAN, SETTINGS, WIDEN, app

from stagemail.document import read
from stagemail.model.step import Hazard, Step
from stagemail.report.waivers import drafts_of, quoted, waivers_yaml

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "Waiver.schema.json").read_text())
TAKEOVER = Hazard("takeover", "server.host=a.example; server.port=25", "somebody outside Git set b.example")


def held(*steps: Step) -> list[dict[str, Any]]:
    """The documents for a plan of these steps, as our strict reader reads them."""
    text = waivers_yaml(replace(PLAN, steps=steps))
    documents, problems = read(text.encode(), "waivers.yaml")
    assert not problems
    for document in documents:
        jsonschema.Draft202012Validator(SCHEMA).validate(document.value)
    return [document.value for document in documents]


def with_hazard(step: Step, hazard: Hazard) -> Step:
    return replace(step, hazards=(hazard,), held=(hazard,))


def test_a_held_app_gets_a_waiver_with_its_name_and_the_exact_value() -> None:
    (document,) = held(WIDEN)
    assert document["metadata"] == {"name": "recipients-widened-crm"}
    spec = {"allow": "recipients-widened", "apps": ["CRM"], "to": "set-in-app", "reason": "why, and who agreed"}
    assert document["spec"] == spec


def test_a_held_stage_gets_a_waiver_without_apps() -> None:
    (document,) = held(with_hazard(SETTINGS, TAKEOVER))
    assert "apps" not in document["spec"]
    assert document["spec"]["to"] == TAKEOVER.to


def test_apps_that_are_held_for_the_same_share_one_waiver() -> None:
    hazard = Hazard("recipients-widened", "set-in-app", "Billing: test list → real users")
    (document,) = held(WIDEN, with_hazard(replace(WIDEN, key=app("Billing"), label="Billing"), hazard))
    assert document["spec"]["apps"] == ["Billing", "CRM"]


def test_two_hazards_give_two_documents_with_different_names() -> None:
    other = replace(TAKEOVER, to="server.host=c.example")
    documents = held(replace(SETTINGS, hazards=(TAKEOVER, other), held=(TAKEOVER, other)))
    assert [document["metadata"]["name"] for document in documents] == ["takeover-qa", "takeover-qa-2"]


def test_a_hazard_of_the_whole_plan_is_accepted_once_and_for_the_stage() -> None:
    mass = Hazard("mass-change", "12 of 30", "would change 12 of 30 resources at once")
    plan = replace(PLAN, steps=(with_hazard(WIDEN, mass), with_hazard(SETTINGS, mass)), hazards=(mass,))
    (draft,) = drafts_of(plan)
    assert (draft.allow, draft.to, draft.apps) == ("mass-change", "12 of 30", ())


def test_a_closed_window_needs_no_waiver() -> None:
    window = Hazard("outside-window", "now", "outside the stage's window: Sunday")
    assert waivers_yaml(replace(PLAN, steps=(with_hazard(SETTINGS, window),))) == ""


@pytest.mark.parametrize("name", ["Portal*", "What?", "a\u202eb"])
def test_an_app_whose_name_would_mean_other_apps_is_named_by_its_key(name: str) -> None:
    (document,) = held(replace(WIDEN, label=name))
    assert document["spec"]["apps"] == ["key-of-CRM"]


def test_two_apps_of_the_same_name_are_named_by_their_keys() -> None:
    (document,) = held(WIDEN, replace(WIDEN, key=app("CRM2")))
    assert document["spec"]["apps"] == ["key-of-CRM", "key-of-CRM2"]


def test_a_long_name_is_cut_to_a_label() -> None:
    (document,) = held(replace(WIDEN, label="Äpp " * 30 + "x"))
    assert len(document["metadata"]["name"]) <= 63


@given(st.text())
def test_a_quoted_text_is_read_back_as_the_same_text(text: str) -> None:
    assert yaml.safe_load(f"[{quoted(text)}]") == [text]


@pytest.mark.parametrize(
    "text", ["no", "On", "null", "~", "25", "1e3", "2026-12-31", "12:30", "a: b", "[x", "#", "", "'", "-", "true"]
)
def test_a_text_that_yaml_would_read_as_something_else_is_quoted(text: str) -> None:
    assert quoted(text) == f'"{text}"'


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=60))
def test_any_value_of_a_hazard_survives_our_own_strict_reader(text: str) -> None:
    hazard = Hazard("takeover", text, "")
    documents, problems = read(waivers_yaml(replace(PLAN, steps=(with_hazard(SETTINGS, hazard),))).encode(), "w.yaml")
    assert not problems
    assert [document.value["spec"]["to"] for document in documents] == [text]

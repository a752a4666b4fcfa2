"""A plan as JSON: the same bytes for the same plan, exactly the same plan back, and nothing else is read."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import EMPTY_PLAN, PLAN, STAGE

from stagemail.errors import InvalidInput, Unreachable, UsageError
from stagemail.model.plan import Plan
from stagemail.model.secret import Masked, Secret, SecretRef, SecretState
from stagemail.model.snapshot import AppliedField
from stagemail.model.step import Change, Step
from stagemail.report.envelope import digest
from stagemail.report.plan_json import plan_from_json, plans_from_json, plans_json

ANY_PLAN: st.SearchStrategy[Plan] = st.from_type(Plan)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plan=ANY_PLAN)
def test_any_plan_survives_the_round_trip_exactly(plan: Plan) -> None:
    text = plans_json([plan])
    assert plan_from_json(text) == plan
    assert plans_json([plan_from_json(text)]) == text


def test_a_plan_is_written_as_in_the_golden_file() -> None:
    assert_golden("plan.json", plans_json([PLAN], {"production": Unreachable("no answer", hint="try again")}))


@pytest.mark.parametrize(
    "value",
    [None, "", "587", 587, True, False, (), ("a@example.com",), Masked(), Masked(present=True), Masked(present=False),
     SecretRef("env", "K", "f", "1", "2027-01-01"), SecretState("env:K", "1", "ff"), '{"secretState": {}}'],
)  # fmt: skip
def test_a_value_comes_back_with_its_type(value: Any) -> None:
    step = Step("write", STAGE, "qa", "connection", 2, (Change("server.port", value, None, "changed"),))
    back = plan_from_json(plans_json([replace(PLAN, steps=(step,))])).steps[0].changes[0].before
    assert back == value
    assert type(back) is type(value)


def test_the_order_of_a_mapping_does_not_change_a_byte() -> None:
    fields = {name: AppliedField(name) for name in ("sender.name", "recipients.mode", "server.host")}
    one, other = (
        replace(PLAN, adopt=(replace(PLAN.adopt[0], fields=dict(items)),))
        for items in (fields.items(), reversed(fields.items()))
    )
    assert plans_json([one]) == plans_json([other])


def test_a_secret_value_has_no_form_in_a_report() -> None:
    change: Any = Change("authentication.password", None, Secret("hunter2"), "create")  # type: ignore[arg-type]
    with pytest.raises(TypeError) as caught:
        plans_json([replace(PLAN, steps=(Step("write", STAGE, "qa", "connection", 2, (change,)),))])
    assert "hunter2" not in str(caught.value)


def test_what_stopped_a_stage_is_in_the_report_with_whether_to_try_again() -> None:
    errors = {"b": UsageError("wrong"), "a": Unreachable("no answer")}
    failures = json.loads(plans_json([], errors))["failures"]
    assert [(f["stage"], f["retryable"]) for f in failures] == [("a", True), ("b", False)]


def test_several_plans_come_back_in_their_order() -> None:
    assert plans_from_json(plans_json([PLAN, EMPTY_PLAN])) == (PLAN, EMPTY_PLAN)
    with pytest.raises(InvalidInput, match="holds 2"):
        plan_from_json(plans_json([PLAN, EMPTY_PLAN]))


def _changed(change: dict[str, Any]) -> str:
    return json.dumps({**json.loads(plans_json([PLAN])), **change})


@pytest.mark.parametrize("version", [0, 2, "1", True, 1.0, None])
def test_another_version_is_refused_with_the_next_step(version: object) -> None:
    with pytest.raises(InvalidInput, match="reads version 1") as caught:
        plan_from_json(_changed({"version": version}))
    assert "make it again" in caught.value.hint


def test_another_kind_of_report_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not a plan-report"):
        plan_from_json(_changed({"kind": "run-report"}))


def test_a_plan_whose_held_hazards_were_taken_out_is_refused() -> None:
    data = json.loads(plans_json([PLAN]))
    for step in data["plans"][0]["steps"]:
        step["held"] = []
    with pytest.raises(InvalidInput, match="changed after it was made"):
        plan_from_json(json.dumps(data))


def _forged(edit: Any) -> str:
    """The report with its plans edited and a digest that fits again."""
    data = json.loads(plans_json([PLAN]))
    edit(data["plans"][0])
    return json.dumps({**data, "digest": digest(data["plans"])})


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (lambda p: p.pop("observed"), "`observed` is missing"),
        (lambda p: p.update(more=1), "`more` is not known"),
        (lambda p: p.update(apps="5"), "/plans/0/apps: int expected"),
        (lambda p: p.update(apps=True), "/plans/0/apps: int expected"),
        (lambda p: p.update(steps={}), "/plans/0/steps: a list expected"),
        (lambda p: p["steps"][0].update(action="delete"), "/plans/0/steps/0/action: one of write"),
        (lambda p: p["steps"][0]["changes"][0].update(after=1.5), "none of the values"),
        (lambda p: p["steps"][0]["changes"][0].update(after={"secret": "x"}), "none of the values"),
        (lambda p: p["steps"][0]["changes"][0].update(after={"masked": {}, "x": 1}), "`masked` expected"),
        (lambda p: p["adopt"][0].update(fields=[]), "an object expected"),
        (lambda p: p.update(identity=None), "/plans/0/identity: an object expected"),
    ],
)
def test_a_plan_of_another_shape_is_refused_and_the_place_is_named(edit: Any, where: str) -> None:
    with pytest.raises(InvalidInput, match=where):
        plan_from_json(_forged(edit))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 100_000, '{"version": NaN}', '{"kind": 1, "kind": 2}', "9" * 5000, "\x00", "plan"],
)
def test_what_is_no_report_gives_a_clean_error(text: str) -> None:
    with pytest.raises(InvalidInput):
        plan_from_json(text)


def test_no_character_of_the_text_can_act_on_a_terminal() -> None:
    step = replace(PLAN.steps[0], label="\x1b]0;\x07\x7f\x9b\u202e\u2028")
    assert all(char == "\n" or " " <= char <= "~" for char in plans_json([replace(PLAN, steps=(step,))]))

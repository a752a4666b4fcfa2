"""Two stages side by side, and the table of what is meant to differ."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.reconcile.conftest import House

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.inventory import App, StageIdentity
from stagemail.model.location import Place
from stagemail.model.meant import BOUND_FIELD, DEPLOYED_FIELD, MEANT, Declared
from stagemail.model.secret import SecretRef
from stagemail.model.selector import Selector
from stagemail.model.snapshot import Binding, Configuration, Desired
from stagemail.reconcile.compare import DECLARED, compared, names_in_git, side_in_git, side_on_platform
from stagemail.report.compare import Comparison
from stagemail.target.canonical import same

PLACE = Place("environments/qa/email.yaml")
FIELDS: Mapping[str, Value] = {
    email.HOST: "smtp.example.com",
    email.PORT: 587,
    email.SECURITY: "starttls",
    email.AUTH_TYPE: "basic",
    email.USERNAME: "mailer",
    email.PASSWORD: SecretRef("env", "SMTP"),
    email.SENDER_ADDRESS: "no-reply@example.com",
    email.RECIPIENTS_MODE: "set-in-app",
}


def stage(name: str, fields: Mapping[str, Value], *bindings: tuple[tuple[str, ...], Mapping[str, Value]]) -> Desired:
    bound = tuple(
        Binding(f"b{number}", tuple(Selector(app) for app in apps), (), own, PLACE)
        for number, (apps, own) in enumerate(bindings)
    )
    return Desired(name, Configuration("relay", {**FIELDS, **fields}, PLACE), bound)


def in_git(one: Desired, other: Desired, *purposes: str, declared: Declared = DECLARED) -> Comparison:
    names = names_in_git(one, other)
    left, right = purposes or ("non-production", "non-production")
    return compared(side_in_git(one, left, names), side_in_git(other, right, names), "a" * 40, same, declared)


def fields_of(comparison: Comparison) -> dict[tuple[str, str], bool]:
    return {(found.subject, found.field): bool(found.meant) for found in comparison.differences}


def test_equal_stages_do_not_differ() -> None:
    one = stage("qa", {}, (("CRM",), {}))
    found = in_git(one, replace(one, stage="uat"))
    assert (found.differences, found.same) == ((), len(FIELDS) + 1)


@pytest.mark.parametrize(("field", "value"), [
    (email.HOST, "other.example.com"), (email.PASSWORD, SecretRef("env", "OTHER")), (email.USERNAME, "other"),
    (email.SENDER_ADDRESS, "other@example.com"), (email.SENDER_NAME, "Other"),
])  # fmt: skip
def test_hosts_credentials_and_addresses_are_meant_to_differ(field: str, value: Value) -> None:
    found = in_git(stage("qa", {}), stage("uat", {field: value}))
    assert fields_of(found) == {("", field): True}
    assert found.unmeant == ()
    assert field in MEANT


@pytest.mark.parametrize(("field", "value"), [
    (email.PORT, 25), (email.SECURITY, "none"), (email.AUTH_TYPE, "none"), (email.SCOPES, ("a",)),
])  # fmt: skip
def test_everything_else_is_not_meant_to_differ(field: str, value: Value) -> None:
    found = in_git(stage("qa", {}), stage("uat", {field: value}))
    assert fields_of(found) == {("", field): False}
    assert [difference.field for difference in found.unmeant] == [field]


def test_recipients_are_meant_to_differ_between_production_and_another_stage_only() -> None:
    listed = {email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: ("qa@example.com",)}
    one, other = stage("qa", listed, (("CRM",), {})), stage("production", {}, (("CRM",), {}))
    assert not in_git(one, other, "non-production", "production").unmeant
    assert {d.field for d in in_git(one, other).unmeant} == {email.RECIPIENTS_MODE}


def test_an_app_that_only_one_stage_binds_is_not_meant_and_a_pattern_counts_as_binding_it() -> None:
    one, other = stage("qa", {}, (("CRM", "PortalAdmin"), {})), stage("uat", {}, (("Portal*",), {}))
    found = in_git(one, other)
    assert fields_of(found) == {("CRM", BOUND_FIELD): False, ("Portal*", BOUND_FIELD): False}


def test_an_app_of_one_stage_has_its_own_list() -> None:
    own = {email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: ("crm@example.com",)}
    found = in_git(stage("qa", {}, (("CRM",), own)), stage("uat", {}, (("CRM",), {})))
    assert fields_of(found) == {("CRM", email.RECIPIENTS_MODE): False, ("CRM", email.TEST_LIST): True}


def test_an_operator_file_declares_what_else_is_meant_to_differ_and_what_is_to_be_equal() -> None:
    one = stage("qa", {}, (("CRM",), {}), (("Portal*",), {}))
    other = stage("production", {email.PORT: 2525, email.HOST: "other.example.com", email.RECIPIENTS_MODE: "test-list"})
    declared = Declared({email.PORT: "two relays", BOUND_FIELD: "apps come one by one"}, frozenset({email.HOST}))
    found = in_git(one, other, "non-production", "production", declared=declared)
    assert {(d.subject, d.field): d.meant for d in found.differences if d.field != email.RECIPIENTS_MODE} == {
        ("", email.HOST): "",
        ("", email.PORT): "two relays",
        ("CRM", BOUND_FIELD): "apps come one by one",
        ("Portal*", BOUND_FIELD): "apps come one by one",
    }
    strict = Declared({email.RECIPIENTS_MODE: "outweighed"}, frozenset({email.RECIPIENTS_MODE}))
    assert email.RECIPIENTS_MODE in {
        d.field for d in in_git(one, other, "non-production", "production", declared=strict).unmeant
    }
    said = in_git(one, other, declared=Declared({email.RECIPIENTS_MODE: "we want it so"})).differences
    assert {d.meant for d in said if d.field == email.RECIPIENTS_MODE} == {"we want it so"}


def test_what_runs_is_compared_by_the_names_of_apps(make_house: Callable[..., House]) -> None:
    house = make_house()
    target = house.target
    key = target.add_stage("uat", StageIdentity("env-uat", "UAT", "non-production"))
    uat = {name: target.add_app("uat", App(name, f"uat-{name}", "WebApplication", 1)) for name in ("CRM", "Billing")}
    for where in (house.key, key):
        target.set(where, email.HOST, "smtp.example.com")
    target.set(key, email.PORT, 2525)
    target.set(uat["CRM"], email.TEST_LIST, ("qa@example.com",))
    target.set(uat["CRM"], email.RECIPIENTS_MODE, "test-list")
    sides = [side_on_platform(target, stage, "non-production") for stage in ("qa", "uat")]
    found = compared(sides[0], sides[1], "", same)
    assert fields_of(found) == {
        ("", email.PORT): False,
        ("CRM", email.RECIPIENTS_MODE): False,
        ("CRM", email.TEST_LIST): True,
        ("Portal", DEPLOYED_FIELD): True,
    }
    assert target.ledger == []


def test_the_table_of_what_is_meant_to_differ_stands_in_the_reference() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/compare.md").read_text(encoding="utf-8")
    for name in email.SPECS:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        expected = MEANT.get(name) or ("between production" if name == email.RECIPIENTS_MODE else "| no | |")
        assert expected in row

"""The law of import: right after it ``validate`` finds no error and a plan writes nothing."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from tests.unit.reconcile.organizations import organization, organizations

from stagemail.document import read
from stagemail.errors import InvalidInput, NeverAgain
from stagemail.model import email
from stagemail.reconcile.adopt import Adoption, adopt
from stagemail.reconcile.adopt_documents import Organization, documents
from stagemail.reconcile.adopt_settings import Found
from stagemail.reconcile.adopt_shape import recipients_of
from stagemail.target.odc.mapping import OdcMapping
from stagemail.wiring.importing import prove
from stagemail.wiring.odc_import import Seen, checks, mapping_text, parsed

ORGANIZATION = Organization("acme.outsystems.dev", "ci")
TODAY = date(2026, 11, 22)
LAW = settings(
    max_examples=120,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking a whole organization takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
LESS = settings(LAW, max_examples=40)


def files_of(adoption: Adoption, found: list[Found], mapping: OdcMapping) -> tuple[dict[str, str], OdcMapping]:
    names = [stage for each in adoption.configurations for stage in each.names]
    without = Seen(tuple(found), mapping).mapping_without(adoption.unsupported, names)
    return dict(documents(adoption, ORGANIZATION)), parsed(mapping_text(without))


@given(organizations())
@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
def test_right_after_an_import_validate_is_clean_and_a_plan_writes_nothing(
    drawn: tuple[list[Found], OdcMapping],
) -> None:
    found, mapping = drawn
    adoption = adopt(found)
    if not adoption.configurations:
        event("nothing could be imported")
        return
    event(f"{len(adoption.configurations)} configurations of {len(found)} stages")
    files, written = files_of(adoption, found, mapping)
    prove(files, found, checks(written), TODAY)


@given(organizations())
@LESS
def test_the_order_of_stages_decides_nothing(drawn: tuple[list[Found], OdcMapping]) -> None:
    found, _ = drawn
    one, other = adopt(found), adopt(reversed(found))
    assert documents(one, ORGANIZATION) == documents(other, ORGANIZATION) if one.configurations else True


@given(organizations())
@LESS
def test_every_app_that_mails_real_people_outside_production_is_named(
    drawn: tuple[list[Found], OdcMapping],
) -> None:
    found, _ = drawn
    adoption = adopt(found)
    imported = {stage for each in adoption.configurations for stage in each.names}
    named = {(r.stage, r.subject) for r in adoption.remarks if r.kind == "real-people"}
    for each in found:
        if each.stage in imported and each.purpose != "production":
            for resource in each.observed.resources:
                mode = resource.fields.get(email.RECIPIENTS_MODE)
                if resource.key.kind == "binding" and mode is not None and mode.live == email.SET_IN_APP:
                    assert (each.stage, resource.label) in named


@given(organizations())
@LESS
def test_what_is_not_taken_over_is_named(drawn: tuple[list[Found], OdcMapping]) -> None:
    found, _ = drawn
    adoption = adopt(found)
    told = {(remark.stage, remark.subject) for remark in adoption.remarks}
    imported = {stage for each in adoption.configurations for stage in each.names}
    assert all((each.stage, "") in told for each in found if each.stage not in imported)
    for each in adoption.configurations:
        for stage, bound in each.stages:
            bindable = [app for app in stage.inventory.apps if app.bindable]
            left_out = len(bindable) - sum(len(apps) for _, apps in bound.groups)
            named = [r for r in adoption.remarks if r.stage == stage.stage and r.kind == "not-bound"]
            assert len({r.subject for r in named}) <= left_out <= len(named) or not left_out
            unsupported = {r.subject for r in adoption.remarks if r.kind == "not-managed" and r.stage == stage.stage}
            assert not each.settings.unsupported or unsupported


BASIC: dict[str, str | None] = {
    email.HOST: "smtp.example.com",
    email.AUTH_TYPE: "Basic",
    email.USERNAME: "mailer@example.com",
    email.PASSWORD: "****",
    email.SENDER_ADDRESS: "no-reply@qa.example.com",
}
LIST: dict[str, str | None] = {email.RECIPIENTS_MODE: "True", email.TEST_LIST: "qa@example.com"}
OFF: dict[str, str | None] = {email.RECIPIENTS_MODE: "False"}


def imported(
    stages: dict[str, dict[str, str | None]],
    apps: dict[str, dict[str, dict[str, str | None]]],
    purposes: dict[str, str] | None = None,
) -> tuple[Adoption, dict[str, str]]:
    """An import whose law is proven."""
    found, mapping = organization(stages, apps, purposes)
    adoption = adopt(found)
    files, written = files_of(adoption, found, mapping)
    prove(files, found, checks(written), TODAY)
    return adoption, files


def values_in(files: dict[str, str], path: str) -> list[Any]:
    documents, problems = read(files[path].encode(), path)
    assert problems == ()
    return [document.value for document in documents]


def told(adoption: Adoption, kind: str) -> dict[tuple[str, str], str]:
    return {(r.stage, r.subject): r.message for r in adoption.remarks if r.kind == kind}


def test_equal_configurations_are_written_once_with_one_reference() -> None:
    apps = {stage: {"CRM": LIST} for stage in ("qa", "staging", "test")}
    _, files = imported({"qa": BASIC, "staging": BASIC, "test": {**BASIC, email.PORT: "2525"}}, apps)
    (shared,) = values_in(files, "environments/shared/email.yaml")
    assert shared["spec"]["stages"] == ["qa", "staging"]
    assert shared["spec"]["authentication"]["password"] == {"secretRef": {"store": "env", "key": "SMTP_SHARED"}}
    assert "environments/qa/email.yaml" not in files
    assert "environments/test/email.yaml" in files
    (operator,) = values_in(files, "stagemail.yaml")
    assert operator["stages"]["qa"]["folders"] == ["environments/qa", "environments/shared"]
    assert operator["targets"]["odc"]["readOnly"] is True
    assert operator["grants"] == [
        {"stages": ["qa", "staging"], "store": "env", "keys": "SMTP_SHARED", "destinations": ["smtp.example.com:587"]},
        {"stages": ["test"], "store": "env", "keys": "SMTP_TEST", "destinations": ["smtp.example.com:2525"]},
    ]
    assert operator["ownDomains"] == ["qa.example.com"]


def test_equal_recipients_are_one_binding() -> None:
    other = {**LIST, email.TEST_LIST: "crm@example.com"}
    apps = {"qa": {"A": LIST, "B": LIST, "C": other, "D": OFF, "E": OFF}}
    adoption, files = imported({"qa": BASIC}, apps)
    (configuration,) = values_in(files, "environments/qa/email.yaml")
    assert configuration["spec"]["recipients"]["testList"] == [{"address": "qa@example.com"}]
    bindings = {
        tuple(b["spec"]["apps"]): b["spec"].get("recipients") for b in values_in(files, "environments/qa/apps.yaml")
    }
    assert bindings == {
        ("A", "B"): None,
        ("C",): {"mode": "test-list", "testList": [{"address": "crm@example.com"}]},
        ("D", "E"): {"mode": "set-in-app"},
    }
    assert set(told(adoption, "real-people")) == {("qa", "D"), ("qa", "E")}


def test_production_mails_the_people_whom_its_apps_chose() -> None:
    adoption, files = imported({"p": BASIC}, {"p": {"A": LIST, "B": LIST, "C": OFF}}, {"p": "production"})
    (configuration,) = values_in(files, "environments/p/email.yaml")
    assert configuration["spec"]["recipients"] == {"mode": "set-in-app"}
    assert told(adoption, "real-people") == {}


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({email.PORT: "25"}, "server.port", "the platform has 25"),
        ({email.AUTH_TYPE: "Kerberos"}, "authentication.type", "Kerberos"),
        ({email.PASSWORD: None}, "authentication.type", "no password is set"),
        ({email.USERNAME: None}, "authentication.type", "username"),
        ({email.AUTH_TYPE: "OAuth 2.0", email.TOKEN_URL: "http://x.example/t", email.CLIENT_ID: "c",
          email.CLIENT_SECRET: "****"}, "authentication.type", "only https:// is safe"),
    ],
)  # fmt: skip
def test_what_yaml_cannot_say_is_named_and_never_written(changed: dict[str, str | None], field: str, says: str) -> None:
    adoption, _ = imported({"qa": {**BASIC, **changed}}, {"qa": {"A": LIST}})
    assert says in told(adoption, "not-managed")["qa", field]
    assert field in adoption.unsupported["qa"]


def test_what_a_stage_without_a_login_keeps_of_one_is_named_without_its_value() -> None:
    adoption, files = imported({"qa": {**BASIC, email.AUTH_TYPE: "None"}}, {"qa": {"A": LIST}})
    left = told(adoption, "unused")
    assert set(left) == {("qa", email.USERNAME), ("qa", email.PASSWORD)}
    assert all("authentication is none" in said and "mailer" not in said and "*" not in said for said in left.values())
    assert not any("mailer@example.com" in text for text in files.values())
    clean = {**BASIC, email.AUTH_TYPE: "None", email.USERNAME: None, email.PASSWORD: None}
    assert told(imported({"qa": clean}, {"qa": {"A": LIST}})[0], "unused") == {}
    assert told(imported({"qa": BASIC}, {"qa": {"A": LIST}})[0], "unused") == {}


def test_an_app_with_an_invalid_member_or_pending_recipients_is_left_out_and_named() -> None:
    apps = {"A": LIST, "Odd": {**LIST, email.TEST_LIST: "nobody"}, "Late": {email.RECIPIENTS_MODE: "False -> True",
            email.TEST_LIST: "qa@example.com"}}  # fmt: skip
    adoption, files = imported({"qa": BASIC}, {"qa": apps})
    left_out = told(adoption, "not-bound")
    assert "nobody" in left_out["qa", "Odd"]
    assert "pending: recipients.mode set-in-app → test-list" in left_out["qa", "Late"]
    assert [b["spec"]["apps"] for b in values_in(files, "environments/qa/apps.yaml")] == [["A"]]
    assert ("qa", "Late") in told(adoption, "real-people")


def test_a_setting_that_waits_in_one_app_leaves_the_app_out_and_in_most_the_setting() -> None:
    late = {**LIST, email.SENDER_ADDRESS: "old@example.com -> no-reply@qa.example.com"}
    adoption, files = imported({"qa": BASIC}, {"qa": {"A": LIST, "B": LIST, "Late": late}})
    assert "sender.address old@example.com → no-reply@qa.example.com" in told(adoption, "not-bound")["qa", "Late"]
    assert adoption.unsupported == {}
    adoption, files = imported({"qa": BASIC}, {"qa": {"A": LIST, "B": late, "Late": late}})
    assert told(adoption, "not-bound") == {}
    assert "2 of 3 apps run with another value" in told(adoption, "not-managed")["qa", "sender.address"]
    assert adoption.unsupported == {"qa": ("sender.address",)}
    assert values_in(files, "environments/qa/apps.yaml")[0]["spec"]["apps"] == ["A", "B", "Late"]


def test_an_app_that_runs_with_another_value_than_its_stage_is_named() -> None:
    adoption, _ = imported({"qa": BASIC}, {"qa": {"A": {**LIST, email.HOST: "old.example.com"}}})
    assert told(adoption, "overridden")["qa", "A"] == "server.host is old.example.com, the stage has smtp.example.com"


def test_a_name_that_could_mean_something_else_is_written_as_the_key() -> None:
    adoption, files = imported({"qa": BASIC}, {"qa": {"Portal*": LIST, "p\u0430ypal": LIST, "CRM": LIST}})
    (binding,) = values_in(files, "environments/qa/apps.yaml")
    assert binding["spec"]["apps"] == ["CRM"]  # their keys hold their names here
    assert len(told(adoption, "not-bound")) == 2


def test_a_list_that_yaml_would_say_otherwise_is_not_written() -> None:
    fields = {email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: ("qa@example.com",)}
    assert recipients_of(fields, lambda _name, one, other: one == other)[0] == ""
    wrong, written = recipients_of(fields, lambda _name, _one, _other: False)
    assert "its members cannot be told apart" in wrong
    assert written == {}


def test_a_stage_without_a_mail_server_is_left_out() -> None:
    adoption, files = imported({"qa": BASIC, "new": {}}, {"qa": {"A": LIST}})
    assert told(adoption, "not-imported") == {("new", ""): "no mail server is set there"}
    assert list(values_in(files, "stagemail.yaml")[0]["stages"]) == ["qa"]


def test_stages_called_as_shared_things_are_take_no_name_away() -> None:
    values = {"shared": BASIC, "qa": {**BASIC, email.PORT: "465"}, "uat": {**BASIC, email.PORT: "465"}}
    adoption, files = imported(values, {stage: {"A": LIST} for stage in values})
    assert {each.name for each in adoption.configurations} == {"shared-relay", "shared-2-relay"}
    assert len({credential.key for credential in adoption.credentials}) == 2
    assert "environments/shared-by-stages/email.yaml" in files


def test_files_that_would_change_something_are_not_proven() -> None:
    found, mapping = organization({"qa": BASIC}, {"qa": {"A": LIST}})
    files, written = files_of(adopt(found), found, mapping)
    path = "environments/qa/email.yaml"
    for host, error in (("elsewhere.example.com", NeverAgain), ("not a host", InvalidInput)):
        with pytest.raises(error, match="nothing was written"):
            prove({**files, path: files[path].replace("smtp.example.com", host)}, found, checks(written), TODAY)


def test_no_value_of_a_secret_is_in_any_file() -> None:
    _, files = imported({"qa": BASIC}, {"qa": {"A": LIST}})
    assert "****" not in "".join(files.values())
    assert "secretRef" in files["environments/qa/email.yaml"]

"""What ODC refuses, without asking it."""

import subprocess
import sys

import pytest

from stagemail.errors import InvalidInput, MappingMismatch
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.location import Place
from stagemail.model.problem import Problem
from stagemail.model.selector import Selector
from stagemail.model.snapshot import Binding, Configuration, Desired
from stagemail.target.odc.check import check_desired
from stagemail.target.odc.mapping import CodecOptions, MappedEntry, OdcMapping, StageMapping
from stagemail.target.odc.payloads import Entry

FILE = Place("environments/qa/email.yaml", 1)
APPS = Place("environments/qa/apps.yaml")
BASE = {email.HOST: "smtp.example.com", email.PORT: 587, email.SECURITY: "starttls", email.AUTH_TYPE: "none"}
TO_LIST = {email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: ("qa@example.com",)}
STAGE_FIELDS = [email.HOST, email.PORT, email.AUTH_TYPE, email.USERNAME, email.PASSWORD, email.SENDER_ADDRESS]


def mapped(*apps: str, stage: list[str] = STAGE_FIELDS, unsupported: tuple[str, ...] = ()) -> OdcMapping:
    entries = {name: entry(name, "stage") for name in stage} | {name: entry(name, "app") for name in apps}
    one = StageMapping(environment="e", entries=entries, unsupported=list(unsupported))
    return OdcMapping(organization="example.outsystems.dev", stages={"qa": one})


def entry(name: str, level: str) -> MappedEntry:
    return MappedEntry(key=f"key-{name}", name=name, level=level, is_secret=email.SPECS[name].secret)  # type: ignore[arg-type]


def desired(own: dict[str, Value] | None = None, bindings: tuple[dict[str, Value], ...] = ()) -> Desired:
    bound = tuple(Binding(f"b{n}", (Selector("CRM"),), (), fields, APPS) for n, fields in enumerate(bindings))
    return Desired("qa", Configuration("relay", BASE | (own or {}), FILE), bound)


def problems(wanted: Desired, mapping: OdcMapping | None) -> list[tuple[Place, Problem]]:
    return list(check_desired(wanted, mapping).problems)


LISTS = (email.RECIPIENTS_MODE, email.TEST_LIST)


def test_a_plain_configuration_has_no_problem() -> None:
    assert problems(desired({email.RECIPIENTS_MODE: "test-list"}, ({}, TO_LIST)), mapped(*LISTS)) == []


def test_port_25_is_refused_where_it_stands_or_would_stand() -> None:
    ((place, problem),) = problems(desired({email.PORT: 25}), mapped(*LISTS))
    assert (place, problem.code) == (FILE.child("spec", "server", "port"), "odc-port-25")
    assert str(problem).endswith("port left out means 25; ODC refuses 25 Write `port: 587`.")


def test_without_a_mapping_a_note_names_the_command_and_the_rest_is_assumed() -> None:
    ((place, problem),) = problems(desired(TO_LIST), None)
    assert (place, problem.severity) == (FILE, "note")
    assert "stagemail target discover" in problem.remedy
    assert check_desired(desired(), mapped()).capabilities.of("binding", email.TEST_LIST) == "cannot"
    other = OdcMapping(organization="x", stages={})
    assert [each.code for _, each in problems(desired(), other)] == ["odc-not-discovered"]


def test_security_is_only_verified_until_an_entry_is_found() -> None:
    can = check_desired(desired(), mapped(*LISTS)).capabilities
    assert can.of("configuration", email.SECURITY) == "verifies"
    assert "preflight" in can.reasons[email.SECURITY]
    found = check_desired(desired(), mapped(*LISTS, stage=[*STAGE_FIELDS, email.SECURITY])).capabilities
    assert found.of("configuration", email.SECURITY) == "sets"


def test_recipients_are_set_in_apps_only() -> None:
    can = check_desired(desired(), mapped(*LISTS)).capabilities
    assert can.of("binding", email.RECIPIENTS_MODE) == "sets"
    assert can.of("configuration", email.RECIPIENTS_MODE) == "cannot"
    assert can.of("binding", email.HOST) == "cannot"


@pytest.mark.parametrize("apps", [(), (email.TEST_LIST,), (email.RECIPIENTS_MODE,)])
def test_a_test_list_without_its_entries_is_refused_with_the_portals_steps(apps: tuple[str, ...]) -> None:
    found = problems(desired(TO_LIST, ({}, TO_LIST, {email.RECIPIENTS_MODE: "set-in-app"})), mapped(*apps))
    assert [place for place, _ in found] == [
        APPS.child("spec", "recipients", "mode"),
        FILE.child("spec", "recipients", "mode"),
    ]
    assert all(each.severity == "error" and "Test List" in each.remedy for _, each in found)


def test_a_configurations_list_that_nobody_inherits_is_not_refused() -> None:
    assert problems(desired(TO_LIST, ({email.RECIPIENTS_MODE: "set-in-app"},)), mapped()) == []


def test_what_is_declared_unsupported_is_noted_and_not_refused() -> None:
    check = check_desired(desired(TO_LIST), mapped(unsupported=LISTS))
    assert check.problems == ()
    assert check.capabilities.ignored == frozenset(LISTS)
    assert check.capabilities.of("binding", email.TEST_LIST) == "cannot"
    assert "unsupported" in check.capabilities.reasons[email.TEST_LIST]


def test_a_list_for_the_whole_stage_is_set_with_the_configuration() -> None:
    mapping = mapped(stage=[*STAGE_FIELDS, *LISTS])
    assert check_desired(desired(TO_LIST, ({},)), mapping).capabilities.of("configuration", email.TEST_LIST) == "sets"
    assert problems(desired(TO_LIST, ({},)), mapping) == []
    assert [each.code for _, each in problems(desired(TO_LIST, (TO_LIST,)), mapping)] == ["odc-no-test-list"]


def test_a_field_without_an_entry_is_refused_where_it_stands() -> None:
    ((place, problem),) = problems(desired({email.SENDER_NAME: "QA"}), mapped(*LISTS))
    assert (place, problem.code) == (FILE.child("spec", "sender", "name"), "odc-cannot-set")
    assert "unsupported" in problem.remedy
    oauth = {email.AUTH_TYPE: "oauth2", email.TOKEN_URL: "https://x", email.CLIENT_ID: "c"}
    assert {each.remedy.partition(":")[0] for _, each in problems(desired(oauth), mapped(*LISTS))} == {
        "ODC may show these settings only while OAuth 2.0 is chosen"
    }


def test_checking_needs_no_http_client() -> None:
    code = (
        "import sys, stagemail.target.odc.check; sys.exit('httpx2' in sys.modules or 'pyrate_limiter' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


# The mapping itself


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"organization": "x", "stages": {"qa": {"environment": "e", "entries": {"server.hots": {}}}}}, "server.hots"),
        ({"organization": "x", "stages": {"qa": {"environment": "e", "unsupported": ["nothing"]}}}, "nothing"),
        ({"organization": "x", "kind": "Other"}, "kind"),
        ({"organization": "x", "stages": {"qa": {"environment": "e", "codec": {"boolean": "True"}}}}, "boolean"),
        (
            {"organization": "x", "stages": {"qa": {"environment": "e", "codec": {"security": {"none": "x"}}}}},
            "starttls",
        ),
        ({"stages": []}, "organization"),
        ("text", "OdcMapping"),
    ],
)
def test_a_mapping_that_is_wrong_says_where(document: object, told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as caught:
        OdcMapping.parse(document, "odc-mapping.yaml")
    assert "odc-mapping.yaml" in str(caught.value)


def test_an_entry_cannot_be_two_fields() -> None:
    shared = {"key": "k", "name": "n", "level": "stage"}
    document = {"environment": "e", "entries": {email.HOST: shared, email.USERNAME: shared}}
    with pytest.raises(InvalidInput, match="share one entry"):
        OdcMapping.parse({"organization": "x", "stages": {"qa": document}}, "m.yaml")


def test_entries_of_an_authentication_that_is_not_chosen_may_be_absent() -> None:
    mapping = mapped(stage=[email.AUTH_TYPE, email.USERNAME, email.CLIENT_ID]).stages["qa"]
    kind = Entry(key="key-authentication.type", name=email.AUTH_TYPE, default_value="None", value="Basic")
    user = Entry(key="key-authentication.username", name=email.USERNAME)
    assert set(mapping.verify("qa", "stage QA", "stage", [kind, user])) == {email.AUTH_TYPE, email.USERNAME}
    with pytest.raises(MappingMismatch, match=email.USERNAME):
        mapping.verify("qa", "stage QA", "stage", [kind])
    with pytest.raises(MappingMismatch, match=email.CLIENT_ID):
        mapping.verify("qa", "stage QA", "stage", [kind.model_copy(update={"value": "OAuth 2.0"}), user])


def test_a_secret_that_is_none_any_more_is_a_change() -> None:
    mapping = mapped(stage=[email.AUTH_TYPE, email.PASSWORD]).stages["qa"]
    kind = Entry(key="key-authentication.type", name=email.AUTH_TYPE, value="Basic")
    word = Entry(key="key-authentication.password", name=email.PASSWORD, is_secret=False)
    with pytest.raises(MappingMismatch, match="isSecret is False and was True"):
        mapping.verify("qa", "stage QA", "stage", [kind, word])


def test_the_codec_is_the_mappings() -> None:
    codec = CodecOptions(boolean="yes/no", list_separator="newline", member_format="named").codec()
    assert (codec.true, codec.false, codec.separator, codec.named) == ("yes", "no", "\n", True)

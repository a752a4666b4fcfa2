"""Entries as ODC might show them where the emulator never does: nulls, missing parts, readable secrets."""

import pytest

from stagemail.errors import MappingMismatch
from stagemail.model import email
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.secret import Masked
from stagemail.target.odc.mapping import MappedEntry, StageMapping
from stagemail.target.odc.observation import is_pending, observed_app, observed_stage
from stagemail.target.odc.payloads import AppConfigurations, Entry, Group
from stagemail.target.odc.spelling import recognised

APP, STAGE = Key("qa", BINDING, "a"), Key("qa", CONFIGURATION, "e")
MODE, LIST, HOST, PASSWORD = (
    MappedEntry(key="m", name="M", level="app"),
    MappedEntry(key="l", name="L", level="app"),
    MappedEntry(key="h", name="H", level="stage"),
    MappedEntry(key="p", name="P", level="stage", is_secret=True),
)
MAPPING = StageMapping(
    environment="e",
    entries={email.HOST: HOST, email.PASSWORD: PASSWORD, email.RECIPIENTS_MODE: MODE, email.TEST_LIST: LIST},
)


def app(*entries: Entry, **sections: list[Entry] | list[Group]) -> AppConfigurations:
    return AppConfigurations(system_configurations=list(entries), **sections)  # type: ignore[arg-type]


def entry(mapped: MappedEntry, value: str | None = None, live: str | None = None, **more: object) -> Entry:
    members = {"key": mapped.key, "name": mapped.name, "is_secret": mapped.is_secret, "value": value}
    return Entry.model_validate({**members, "deployed_value": live, **more})


@pytest.mark.parametrize(
    ("seen", "pending"),
    [
        (Entry(value="a", deployed_value="a"), False),
        (Entry(value="a", deployed_value="b"), True),
        (Entry(value=None, deployed_value=None), False),
        (Entry(value=None, deployed_value="d", default_value="d"), False),
        (Entry(value="d", deployed_value=None, default_value="d"), False),
        (Entry(value="a", deployed_value=None, default_value="d"), True),
        (Entry(is_secret=True, value_set_after_deploy=True), True),
        (Entry(is_secret=True, value_set_after_deploy=False, value="x", deployed_value=None), False),
        (Entry(is_secret=True, value="***", deployed_value=None), True),
        (Entry(is_secret=False, value_set_after_deploy=True, value="a", deployed_value="a"), False),
    ],
)
def test_pending_is_what_is_set_and_does_not_run(seen: Entry, pending: bool) -> None:
    assert is_pending(seen) is pending


@pytest.mark.parametrize(
    ("value", "origin", "present"),
    [
        ("********", None, True),
        (None, "EnvironmentLevelOverride", True),
        (None, "EnvironmentLevelDefault", False),
        (None, None, None),
        (None, "SomethingNew", None),
    ],
)
def test_whether_a_secret_is_set_is_told_where_it_can_be(
    value: str | None, origin: str | None, present: bool | None
) -> None:
    seen = [entry(HOST), entry(PASSWORD, value, value_origin=origin)]
    fields = observed_stage(STAGE, "QA", MAPPING, seen).fields
    assert fields[email.PASSWORD].value == Masked(present)


def test_a_secret_that_reads_back_in_clear_is_not_repeated() -> None:
    seen = entry(PASSWORD, "in clear", "in clear")
    assert "in clear" not in repr(seen)
    assert "in clear" not in repr(observed_stage(STAGE, "QA", MAPPING, [entry(HOST), seen]))
    assert "in clear" not in repr(observed_app(APP, "CRM", MAPPING, app(seen)))


def test_an_active_list_without_members_is_no_test_list() -> None:
    fields = observed_app(APP, "CRM", MAPPING, app(entry(MODE, "True", "True"), entry(LIST, "", None))).fields
    assert fields[email.RECIPIENTS_MODE].live == "set-in-app"
    fields = observed_app(APP, "CRM", MAPPING, app(entry(MODE, "True", "True"), entry(LIST, "a@x.example"))).fields
    assert (fields[email.RECIPIENTS_MODE].value, fields[email.RECIPIENTS_MODE].live) == ("test-list", "set-in-app")
    assert fields[email.RECIPIENTS_MODE].pending


def test_a_switch_that_nobody_can_read_stops_the_stage() -> None:
    with pytest.raises(MappingMismatch, match="boolean"):
        observed_app(APP, "CRM", MAPPING, app(entry(MODE, "maybe"), entry(LIST)))


def test_an_app_that_sends_no_email_has_no_list_and_is_no_mismatch() -> None:
    resource = observed_app(APP, "CRM", MAPPING, app(entry(HOST, "h", "h")))
    assert resource.fields[email.RECIPIENTS_MODE].live == "set-in-app"
    assert resource.fields[email.TEST_LIST].is_default
    with pytest.raises(MappingMismatch, match=email.TEST_LIST):
        observed_app(APP, "CRM", MAPPING, app(entry(MODE)))


def test_a_stage_that_its_apps_do_not_show_is_left_out_of_them() -> None:
    resource = observed_app(APP, "CRM", MAPPING, app(entry(MODE), entry(LIST)))
    assert email.HOST not in resource.fields


def test_pending_values_are_found_however_deep() -> None:
    changed = Entry(key="k", name="Depth", value="a", deployed_value="b")
    inner = Group(name="Inner", configs=[changed])
    found = observed_app(APP, "CRM", MAPPING, app(libraries=[Group(name="Outer", integrations=[inner])]))
    assert found.foreign == ("library Outer Inner: Depth",)
    nameless = app(Entry(key="only-key", value="a"), settings=[Entry(value="b")])
    assert observed_app(APP, "CRM", MAPPING, nameless).foreign == ("only-key", "settings: without a name")


def test_an_empty_document_is_an_app_with_nothing() -> None:
    assert observed_app(APP, "CRM", MAPPING, AppConfigurations()).foreign == ()


def test_a_switch_for_authentication_says_none_or_basic() -> None:
    switch = Entry(key="a", name="Requires authentication", data_type="Boolean", default_value="false")
    words = recognised({email.AUTH_TYPE: switch}, [switch], [])["authentication"]
    assert (words["none"], words["basic"]) == ("false", "true")

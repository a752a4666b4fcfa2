"""The eight profiles cover pairs of switches, and differ where they say they do."""

from collections.abc import Callable
from itertools import combinations, product

import pytest
from tests.emulator.conftest import Api

from odc_emulator import profiles, vocabulary
from odc_emulator.profiles import PROFILES
from odc_emulator.server import EmulatorServer

TWO_VALUED = {
    "stage_patch_propagates": (True, False),
    "secret_reads": ("null", "asterisks"),
    "retry_after": (True, False),
    "keys": ("guid", "symbol"),
    "oauth_entries": ("always", "when-chosen"),
    "test_list_in_api": (True, False),
    "booleans": ("True", "true"),
    "member_format": ("address", "named"),
    "updated_at": (True, False),
    "portfolio_key": (True, False),
    "before_first_deploy": (True, False),
}
THREE_VALUED = {
    "unknown_key": ("400", "404", "ignored"),
    "list_separator": (",", ";", "\n"),
    "naming": ("A", "B", "C"),
}
# These show in the API only where the test list does.
NEEDS_TEST_LIST = {"member_format", "list_separator", "booleans"}
# Two three-valued switches have nine pairs, more than eight rows can hold; and a separator shows in six rows only.
UNCOVERED = {
    ("before_first_deploy", "list_separator"): 2,
    ("before_first_deploy", "naming"): 1,
    ("before_first_deploy", "unknown_key"): 1,
    ("booleans", "list_separator"): 2,
    ("list_separator", "member_format"): 2,
    ("list_separator", "naming"): 4,
    ("list_separator", "secret_reads"): 2,
    ("list_separator", "unknown_key"): 4,
    ("naming", "secret_reads"): 1,
    ("naming", "test_list_in_api"): 1,
    ("naming", "unknown_key"): 6,
    ("secret_reads", "unknown_key"): 1,
    ("test_list_in_api", "unknown_key"): 1,
}


def _missing(first: str, second: str) -> int:
    switches = TWO_VALUED | THREE_VALUED
    rows = list(PROFILES.values())
    if {first, second} & NEEDS_TEST_LIST:
        rows = [p for p in rows if p.test_list_in_api]
    seen = {(getattr(p, first), getattr(p, second)) for p in rows}
    return len(set(product(switches[first], switches[second])) - seen)


def test_every_pair_of_two_valued_switches_occurs() -> None:
    shown = [name for name in TWO_VALUED if name != "test_list_in_api"]
    assert {(a, b): _missing(a, b) for a, b in combinations(shown, 2) if _missing(a, b)} == {}
    always = [name for name in shown if name not in NEEDS_TEST_LIST]
    assert {name: _missing(name, "test_list_in_api") for name in always if _missing(name, "test_list_in_api")} == {}


def test_the_pairs_that_eight_profiles_leave_out_are_known() -> None:
    names = sorted(TWO_VALUED | THREE_VALUED)
    pairs = [
        (a, b) for a, b in combinations(names, 2) if not ({a, b} & NEEDS_TEST_LIST and "test_list_in_api" in (a, b))
    ]
    assert {pair: _missing(*pair) for pair in pairs if _missing(*pair)} == UNCOVERED


def test_there_are_eight_and_the_rare_switches_occur() -> None:
    assert len(PROFILES) == 8
    assert sum(p.transport_security for p in PROFILES.values()) == 1
    assert sum(p.keys_differ_by_stage for p in PROFILES.values()) == 1
    assert sum(not p.test_list_in_api for p in PROFILES.values()) >= 1


def test_the_table_has_a_column_for_each_profile() -> None:
    header, *rows = profiles.table().splitlines()
    assert header.split() == ["switch", *PROFILES]
    assert len(rows) == 16


@pytest.mark.parametrize("profile", PROFILES)
def test_the_entries_look_as_the_profile_says(
    start: Callable[..., EmulatorServer], connect: Callable[..., Api], profile: str
) -> None:
    chosen, api = PROFILES[profile], connect(start(profile))
    document = api.http.get(api.app_path("QA", "CRM", "deployed")).json()
    names = {e["name"] for e in document["systemConfigurations"]}
    fields = {f for f in vocabulary.EMAIL_FIELDS if vocabulary.NAMES[f]["ABC".index(chosen.naming) + 1] in names}
    assert ("testList" in fields) is chosen.test_list_in_api
    assert ("security" in fields) is chosen.transport_security
    assert ("clientSecret" in fields) is (chosen.oauth_entries == "always")
    assert {"Session timeout", "REST Client Secret", "Max upload size"} <= names
    keys = [api.key(stage, "host") for stage in ("QA", "Production")]
    assert (keys[0] != keys[1]) is chosen.keys_differ_by_stage
    assert (len(keys[0]) == 36) is (chosen.keys == "guid")
    stages = api.http.get("/api/portfolios/v2/environments").json()["results"]
    assert all((s["portfolioKey"] is not None) is chosen.portfolio_key for s in stages)
    api.patch_stage("QA", host="smtp.example.com")
    assert (api.stage_entry("QA", "host")["updatedAt"] is not None) is chosen.updated_at


@pytest.mark.parametrize("profile", PROFILES)
def test_oauth_entries_exist_once_oauth_is_chosen_in_the_same_patch(
    start: Callable[..., EmulatorServer], connect: Callable[..., Api], profile: str
) -> None:
    chosen, api = PROFILES[profile], connect(start(profile))
    oauth = vocabulary.authentication_value(chosen, "oauth2")
    answer = api.patch_stage("QA", clientId="mailer", authentication=oauth, clientSecret="s3cret")
    assert answer.status_code == 204
    assert api.stage_entry("QA", "clientId")["value"] == "mailer"
    assert api.emulator.control.secret_equals("QA", "clientSecret", "s3cret")


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_key_is_treated_as_the_profile_says_and_nothing_else_is_stored_with_it(
    start: Callable[..., EmulatorServer], connect: Callable[..., Api], profile: str
) -> None:
    chosen, api = PROFILES[profile], connect(start(profile))
    entries = [{"key": api.key("QA", "host"), "value": "smtp.example.com"}, {"key": "nonsense", "value": "x"}]
    for path in (api.stage_path("QA"), api.app_path("QA", "CRM")):
        answer = api.http.patch(path, json={"systemConfigurations": entries})
        assert answer.status_code == {"400": 400, "404": 404, "ignored": 204}[chosen.unknown_key]
        if answer.status_code == 404:
            assert answer.json()["errorCode"] == "OS-CFGM-40406"
    stored = api.stage_entry("QA", "host")["value"]
    assert stored == ("smtp.example.com" if chosen.unknown_key == "ignored" else None)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_person_s_test_list_is_stored_as_the_profile_writes_it(
    start: Callable[..., EmulatorServer], profile: str
) -> None:
    chosen, emulator = PROFILES[profile], start(profile)
    emulator.control.set("QA", "testList", "a@example.com, b@example.com", app="CRM")
    emulator.control.set("QA", "testListActive", "true", app="CRM")
    live = emulator.control.live("QA", "CRM")
    members = (
        ["a <a@example.com>", "b <b@example.com>"]
        if chosen.member_format == "named"
        else ["a@example.com", "b@example.com"]
    )
    assert live["testList"] == chosen.list_separator.join(members)
    assert live["testListActive"] == chosen.booleans

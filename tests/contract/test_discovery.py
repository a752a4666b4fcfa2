"""Discovery finds the entries under every profile, without being told which, and asks where it is not sure."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.target_bench import FIELDS, Emulators, OdcBench, dump, parsed

from odc_emulator.profiles import PROFILES
from stagemail.model import email
from stagemail.ports import Discovered
from stagemail.target.odc.discovery import OdcDiscovery
from stagemail.target.odc.mapping import MappedEntry, OdcMapping

OAUTH = (email.TOKEN_URL, email.CLIENT_ID, email.CLIENT_SECRET, email.SCOPES)
LOGICAL = FIELDS | {
    email.TOKEN_URL: "tokenUrl",
    email.CLIENT_ID: "clientId",
    email.CLIENT_SECRET: "clientSecret",
    email.SCOPES: "scopes",
}


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    running = Emulators()
    yield running
    running.close()


@pytest.fixture(params=PROFILES)
def bench(request: pytest.FixtureRequest, emulators: Emulators) -> Iterator[OdcBench]:
    """A stage under each profile."""
    made = OdcBench(emulators, request.param)
    yield made
    made.close()


@pytest.fixture
def one(emulators: Emulators) -> Iterator[OdcBench]:
    """A stage under one profile."""
    made = OdcBench(emulators, "guid-pending")
    yield made
    made.close()


def look(bench: OdcBench, existing: OdcMapping | None = None) -> tuple[Discovered, str]:
    """One look at the stage, and the mapping's text."""
    discovery = OdcDiscovery(bench.connect(), existing, dump)
    found = discovery.discover(["qa"])
    return found[0], discovery.write_mapping(found)


def keys(bench: OdcBench) -> dict[str, str]:
    """The oracle: which key each field of ours really has in this stage."""
    entries = {
        entry.field: entry.key
        for stage in bench.emulator._platform.world.stages.values()
        if stage.name == bench.name
        for entry in [*stage.entries, *stage.app_entries]
    }
    return {name: entries[logical] for name, logical in LOGICAL.items() if logical in entries}


def test_every_entry_that_is_there_is_found_and_no_other(bench: OdcBench) -> None:
    found, _ = look(bench)
    expected = keys(bench)
    if bench.profile.oauth_entries == "when-chosen":
        expected = {name: key for name, key in expected.items() if name not in OAUTH}
    if not bench.lists:
        expected = {name: key for name, key in expected.items() if name not in (email.RECIPIENTS_MODE, email.TEST_LIST)}
    assert {each.field: each.key for each in found.found} == expected
    assert found.ambiguous == ()
    assert set(found.missing) == set(email.SPECS) - set(expected)
    assert all(each.evidence for each in found.found)


def test_recipients_are_found_in_apps_and_the_rest_in_the_stage(bench: OdcBench) -> None:
    levels = {each.field: each.level for each in look(bench)[0].found}
    apps = {email.RECIPIENTS_MODE, email.TEST_LIST} if bench.lists else set()
    assert {name for name, level in levels.items() if level == "app"} == apps


def test_oauth_entries_are_found_while_oauth_is_chosen(bench: OdcBench) -> None:
    bench.set(email.AUTH_TYPE, "oauth2")
    found, text = look(bench)
    assert set(OAUTH) <= {each.field for each in found.found}
    codec = parsed(text).stages["qa"].codec.codec()
    assert codec.decode(email.AUTH_TYPE, codec.encode(email.AUTH_TYPE, "oauth2")) == "oauth2"


def test_spellings_are_recognised_from_what_is_there(bench: OdcBench) -> None:
    mapping = parsed(look(bench)[1]).stages["qa"]
    profile = bench.profile
    assert mapping.codec.codec().true == profile.booleans
    if bench.lists:
        assert mapping.codec.codec().separator == profile.list_separator
        assert mapping.codec.codec().named == (profile.member_format == "named")
    assert mapping.secret_evidence == ("updatedAt" if profile.updated_at else "none")
    assert mapping.assumed == ([] if profile.updated_at else ["secretEvidence"])


def test_what_nobody_could_see_is_named_as_assumed_and_seen_later(one: OdcBench) -> None:
    one.set(email.TEST_LIST, None, "Billing")
    _, text = look(one)
    first = parsed(text)
    assert first.stages["qa"].assumed == ["listSeparator", "memberFormat"]
    assert "assumed" in text.partition("apiVersion")[0]
    one.set(email.TEST_LIST, ("a@example.com", "b@example.com"), "Billing")
    second = parsed(look(one, first)[1])
    assert second.stages["qa"].assumed == []
    assert second.stages["qa"].codec.list_separator == "newline"


def test_the_mapping_reads_back_as_it_was_written(bench: OdcBench) -> None:
    _, text = look(bench)
    mapping = parsed(text)
    assert look(bench, mapping)[1] == text
    assert bench.emulator.url in text


def _edited(mapping: OdcMapping, **changes: Any) -> OdcMapping:
    stage = mapping.stages["qa"].model_copy(update=changes)
    return mapping.model_copy(update={"stages": {**mapping.stages, "qa": stage}})


def test_a_second_look_keeps_what_an_admin_edited(one: OdcBench) -> None:
    mapping = parsed(look(one)[1])
    stage = mapping.stages["qa"]
    chosen = {
        **stage.entries,
        email.SENDER_NAME: stage.entries[email.HOST],
        email.HOST: stage.entries[email.SENDER_NAME],
    }
    codec = stage.codec.model_copy(update={"boolean": "1/0", "list_separator": "bar"})
    edited = _edited(
        mapping, entries=chosen, codec=codec, unsupported=[email.SECURITY], secret_evidence="none", assumed=[]
    )
    again = parsed(look(one, edited)[1]).stages["qa"]
    assert again.entries == chosen
    assert (again.codec, again.unsupported, again.secret_evidence) == (codec, [email.SECURITY], "none")


def test_a_second_look_finds_an_entry_that_got_another_key(bench: OdcBench) -> None:
    mapping = parsed(look(bench)[1])
    bench.control.portal("change-entry", stage=bench.name, field="host", key="New.Key", name="SMTP Server")
    again = parsed(look(bench, mapping)[1])
    assert again.stages["qa"].entries[email.HOST] == MappedEntry(
        key="New.Key", name="SMTP Server", data_type="Text", is_secret=False, level="stage"
    )


def test_stages_that_were_not_looked_at_are_kept(one: OdcBench) -> None:
    mapping = parsed(look(one)[1])
    other = mapping.model_copy(update={"stages": {"production": mapping.stages["qa"]}})
    assert set(parsed(look(one, other)[1]).stages) == {"production", "qa"}


def test_two_candidates_are_a_question_and_an_admins_answer_is_kept(bench: OdcBench) -> None:
    bench.control.portal(
        "add-entry", stage=bench.name, field="twin", key="Twin", name="SMTP password", secret=True, description="Mail."
    )
    found, text = look(bench)
    (name, candidates), *more = found.ambiguous
    assert (name, more) == (email.PASSWORD, [])
    assert {each.key for each in candidates} == {"Twin", keys(bench)[email.PASSWORD]}
    mapping = parsed(text)
    assert email.PASSWORD not in mapping.stages["qa"].entries
    entries = dict(mapping.stages["qa"].entries)
    entries[email.PASSWORD] = MappedEntry(
        key="Twin", name="SMTP password", data_type="Text", is_secret=True, level="stage"
    )
    again, _ = look(bench, _edited(mapping, entries=entries))
    assert again.ambiguous == ()
    assert {each.field: each.key for each in again.found}[email.PASSWORD] == "Twin"


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("Client Secret", "Client secret of the consumed payment API."),
        ("Enable", "Enable the test mode of the payment API."),
        ("Password", "Password of the database."),
        ("Server address", "Where the payment API is."),
        ("Port", ""),
    ],
)
def test_what_has_nothing_to_do_with_email_is_no_candidate(bench: OdcBench, name: str, description: str) -> None:
    before = look(bench)[0]
    bench.control.portal(
        "add-entry",
        stage=bench.name,
        field="decoy",
        key="Decoy",
        name=name,
        description=description,
        secret="S" in name,
    )
    assert look(bench)[0] == before


def test_nothing_is_written_to_the_platform(bench: OdcBench) -> None:
    start = len(bench.control.ledger())
    look(bench)
    assert bench.control.ledger()[start:] == []

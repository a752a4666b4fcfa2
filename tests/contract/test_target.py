"""What every target does: the platform in memory, and ODC as emulated under each of its profiles."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contract.target_bench import ADAPTERS, Bench, Emulators, bench_of, settled

from stagemail.errors import NotFound, OutcomeUnknown, ReadOnly
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.key import BINDING, Key
from stagemail.model.location import Place
from stagemail.model.run import Operation
from stagemail.model.secret import Masked, Secret, SecretState
from stagemail.model.snapshot import Configuration, Desired, ObservedResource
from stagemail.model.step import Change, Step

LISTED = [adapter for adapter in ADAPTERS if not adapter.startswith("no-test-list")]


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    running = Emulators()
    yield running
    running.close()


@pytest.fixture(params=ADAPTERS)
def bench(request: pytest.FixtureRequest, emulators: Emulators) -> Iterator[Bench]:
    """A stage on each adapter."""
    made = bench_of(request.param, emulators)
    yield made
    made.close()


@pytest.fixture(params=LISTED)
def listed(request: pytest.FixtureRequest, emulators: Emulators) -> Iterator[Bench]:
    """A stage on each adapter whose API shows test lists."""
    made = bench_of(request.param, emulators)
    yield made
    made.close()


def write(key: Key, **values: Value) -> Step:
    """A write of fields, ``__`` standing for the dot."""
    changes = tuple(Change(name.replace("__", "."), None, value, "changed") for name, value in values.items())
    return Step("write", key, "the label", "unit", 2, changes)


def activate(key: Key) -> Step:
    return Step("activate", key, "the label", "live", 3)


def seen(bench: Bench, app: str | None = None) -> ObservedResource:
    key = bench.key(app)
    return bench.target.observe("qa", [key]).by_key()[key]


def make_live(bench: Bench, app: str) -> None:
    operation = bench.target.begin(activate(bench.key(app)), {})
    assert settled(bench, [operation])[operation].status == "done"


TEST_LIST = ("a@example.com", "b@example.com")
TO_THE_LIST = {"recipients__mode": "test-list", "recipients__testList": TEST_LIST}


def test_the_inventory_names_the_stage_and_its_apps_sorted(bench: Bench) -> None:
    inventory = bench.target.inventory("qa")
    assert inventory.stage.purpose == "non-production"
    names = [app.name for app in inventory.apps if app.name != "Assistant"]
    assert names == ["Billing", "CRM", "FieldApp", "Onboarding"]
    assert {app.name: app.bindable for app in inventory.apps}["Onboarding"] is False
    assert {app.name: app.bindable for app in inventory.apps}["FieldApp"] is True


def test_a_stage_that_nobody_knows_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFound):
        bench.target.inventory("nowhere")


def test_what_nobody_set_is_a_default(bench: Bench) -> None:
    fields = seen(bench).fields
    assert fields[email.HOST].value is None
    assert fields[email.HOST].is_default
    assert fields[email.PASSWORD].value == Masked(present=False)
    assert not any(field.pending for field in fields.values())


def test_an_app_without_a_test_list_mails_where_it_says(listed: Bench) -> None:
    fields = seen(listed, "CRM").fields
    assert (fields[email.RECIPIENTS_MODE].live, fields[email.TEST_LIST].live) == ("set-in-app", ())
    assert fields[email.RECIPIENTS_MODE].is_default


def test_a_stage_setting_is_written_and_runs_at_once_or_after_activation(bench: Bench) -> None:
    operation = bench.target.begin(
        write(bench.key(), server__host="smtp.example.com", server__port=2525, sender__name="QA, äöü"), {}
    )
    assert bench.target.poll([operation])[operation].status == "done"  # type: ignore[union-attr]
    own, app = seen(bench).fields, seen(bench, "CRM").fields
    assert own[email.HOST].value == app[email.HOST].value == "smtp.example.com"
    assert (own[email.PORT].value, own[email.SENDER_NAME].value) == (2525, "QA, äöü")
    assert not own[email.HOST].pending
    assert not own[email.HOST].is_default
    assert app[email.HOST].pending is not bench.stage_live
    if not bench.stage_live:
        assert app[email.HOST].live is None
        make_live(bench, "CRM")
    assert seen(bench, "CRM").fields[email.HOST].live == "smtp.example.com"
    assert not seen(bench, "CRM").fields[email.HOST].pending


def test_an_apps_recipients_are_pending_until_activation(listed: Bench) -> None:
    key = listed.key("CRM")
    listed.target.begin(write(key, **TO_THE_LIST), {})
    mode = seen(listed, "CRM").fields[email.RECIPIENTS_MODE]
    assert (mode.value, mode.live, mode.pending) == ("test-list", "set-in-app", True)
    make_live(listed, "CRM")
    fields = seen(listed, "CRM").fields
    assert fields[email.RECIPIENTS_MODE].live == "test-list"
    assert fields[email.TEST_LIST].live == TEST_LIST
    assert not any(field.pending for field in fields.values())
    assert seen(listed, "FieldApp").fields[email.RECIPIENTS_MODE].live == "set-in-app"


def test_turning_the_test_list_off_keeps_its_members(listed: Bench) -> None:
    listed.set(email.TEST_LIST, TEST_LIST, "CRM")
    listed.set(email.RECIPIENTS_MODE, "test-list", "CRM")
    assert seen(listed, "CRM").fields[email.RECIPIENTS_MODE].live == "test-list"
    members = seen(listed, "CRM").fields[email.TEST_LIST].live
    listed.target.begin(write(listed.key("CRM"), recipients__mode="set-in-app"), {})
    make_live(listed, "CRM")
    fields = seen(listed, "CRM").fields
    assert (fields[email.RECIPIENTS_MODE].live, fields[email.TEST_LIST].live) == ("set-in-app", members)
    assert len(members) == 2


def test_a_secret_is_taken_and_never_shown(bench: Bench) -> None:
    step = write(
        bench.key(),
        authentication__type="basic",
        authentication__username="mailer",
        authentication__password=SecretState("env:K"),
    )
    bench.target.begin(step, {email.PASSWORD: Secret("c0rrect horse")})
    if not bench.stage_live:
        assert seen(bench, "CRM").fields[email.PASSWORD].pending
        make_live(bench, "CRM")
    assert bench.holds(email.PASSWORD, "c0rrect horse", "CRM")
    assert not bench.holds(email.PASSWORD, "another", "CRM")
    for observed in (seen(bench), seen(bench, "CRM")):
        assert observed.fields[email.PASSWORD].value == Masked(present=True)
        assert observed.fields[email.AUTH_TYPE].value == "basic"
        assert "c0rrect" not in repr(observed)
        assert not observed.fields[email.PASSWORD].pending


def test_authentication_goes_to_oauth_and_back_with_all_its_members(bench: Bench) -> None:
    if email.TOKEN_URL not in seen(bench).fields:
        desired = _desired(authentication__type="oauth2", authentication__tokenUrl="https://login.example.com")
        assert [problem.code for _, problem in bench.target.check(desired).problems] == ["odc-cannot-set"]
        return
    members: dict[str, Value] = {
        "authentication__type": "oauth2",
        "authentication__tokenUrl": "https://login.example.com/token",
        "authentication__clientId": "mailer",
        "authentication__clientSecret": SecretState("env:K"),
        "authentication__scopes": ("mail.send", "offline"),
    }
    bench.target.begin(write(bench.key(), **members), {email.CLIENT_SECRET: Secret("s3cret")})
    fields = seen(bench).fields
    assert fields[email.AUTH_TYPE].value == "oauth2"
    assert fields[email.SCOPES].value == ("mail.send", "offline")
    assert fields[email.CLIENT_SECRET].value == Masked(present=True)
    bench.target.begin(write(bench.key(), authentication__type="none"), {})
    assert seen(bench).fields[email.AUTH_TYPE].value == "none"


def test_a_change_in_the_portal_is_seen(bench: Bench) -> None:
    bench.set(email.PORT, 25)
    bench.set(email.HOST, "SMTP.Elsewhere.example")
    fields = seen(bench, "CRM").fields
    assert (fields[email.PORT].live, fields[email.HOST].live) == (25, "smtp.elsewhere.example")
    assert not fields[email.PORT].is_default


def test_pending_values_of_others_are_named(bench: Bench) -> None:
    assert seen(bench, "CRM").foreign == ()
    bench.leave_pending("CRM")
    assert any("ApiUrl" in name for name in seen(bench, "CRM").foreign)
    assert seen(bench, "FieldApp").foreign == ()


def test_an_app_that_is_gone_is_left_out(bench: Bench) -> None:
    keys = [
        bench.key("CRM"),
        bench.key("FieldApp"),
        bench.key(),
        Key("qa", BINDING, "00000000-0000-0000-0000-0000000000aa"),
    ]
    bench.undeploy("CRM")
    found = bench.target.observe("qa", keys).by_key()
    assert sorted(found) == sorted([keys[1], keys[2]])


def test_what_cannot_be_bound_is_left_out(bench: Bench) -> None:
    assert bench.target.observe("qa", [bench.key("Onboarding")]).resources == ()


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_is_unknown_and_settled_by_reading(bench: Bench, after: bool) -> None:
    step = write(bench.key(), server__host="smtp.example.com")
    bench.lose(after=after)
    with pytest.raises(OutcomeUnknown):
        bench.target.begin(step, {})
    assert seen(bench).fields[email.HOST].value == ("smtp.example.com" if after else None)


@pytest.mark.parametrize("after", [False, True])
def test_an_activation_whose_answer_was_lost_is_found_by_polling(bench: Bench, after: bool) -> None:
    bench.leave_pending("CRM")
    make_live(bench, "CRM")  # an earlier one that must not be taken for ours
    bench.leave_pending("CRM")
    step = activate(bench.key("CRM"))
    lost = Operation(step.key, "activate", bench_now(bench))
    bench.lose(after=after)
    with pytest.raises(OutcomeUnknown):
        bench.target.begin(step, {})
    outcome = settled(bench, [lost])[lost]
    assert outcome.status == ("done" if after else "unknown")


def bench_now(bench: Bench):  # type: ignore[no-untyped-def]
    """The time that the target would write into an operation."""
    return bench.target._clock.now()  # type: ignore[attr-defined]


def test_a_failed_activation_tells_the_platforms_words(bench: Bench) -> None:
    bench.leave_pending("CRM")
    bench.refuse_activation("the database is full")
    operation = bench.target.begin(activate(bench.key("CRM")), {})
    outcome = settled(bench, [operation])[operation]
    assert (outcome.status, outcome.label) == ("failed", "CRM")
    assert "the database is full" in outcome.message


def test_several_activations_run_side_by_side(bench: Bench) -> None:
    operations = [bench.target.begin(activate(bench.key(app)), {}) for app in ("CRM", "Billing", "FieldApp")]
    assert len({operation.id for operation in operations}) == 3
    assert {outcome.status for outcome in settled(bench, operations).values()} == {"done"}


def test_an_operation_that_nobody_knows_is_unknown(bench: Bench) -> None:
    ghost = Operation(bench.key("CRM"), "activate", bench_now(bench), "00000000-0000-0000-0000-00000000dead")
    assert bench.target.poll([ghost])[ghost].status == "unknown"  # type: ignore[union-attr]


def test_an_activation_is_found_by_its_id_although_our_clock_is_off(bench: Bench) -> None:
    operation = bench.target.begin(activate(bench.key("CRM")), {})
    ahead = replace(operation, begun=operation.begun + timedelta(hours=1))
    assert settled(bench, [ahead])[ahead].status == "done"


def test_nothing_leaves_a_read_only_target(bench: Bench) -> None:
    before = bench.writes()
    target = bench.read_only()
    for step in (write(bench.key(), server__host="smtp.example.com"), activate(bench.key("CRM"))):
        with pytest.raises(ReadOnly):
            target.begin(step, {})
    assert bench.writes() == before
    assert target.observe("qa", [bench.key()]).resources


def test_a_plan_of_nothing_reads_nothing(bench: Bench) -> None:
    assert bench.target.observe("qa", []).resources == ()
    assert bench.target.poll([]) == {}


def test_what_was_written_reads_back_equal(bench: Bench) -> None:
    same = bench.target.check(_desired()).same
    values: dict[str, Value] = {
        email.HOST: "SMTP.Example.COM",
        email.PORT: 465,
        email.SENDER_ADDRESS: "No-Reply@QA.Example.com",
        email.AUTH_TYPE: "basic",
        email.USERNAME: "DOMAIN\\mailer",
    }
    bench.target.begin(write(bench.key(), **{name.replace(".", "__"): value for name, value in values.items()}), {})
    fields = seen(bench).fields
    assert {name for name, value in values.items() if not same(name, value, fields[name].value)} == set()
    assert not same(email.USERNAME, "domain\\mailer", fields[email.USERNAME].value)


def test_a_test_list_reads_back_equal_whatever_its_order_and_names(listed: Bench) -> None:
    same = listed.target.check(_desired()).same
    members = ("Zoe Müller <z@example.com>", "QA team <qa@Example.com>", "b@example.com")
    listed.target.begin(write(listed.key("CRM"), recipients__mode="test-list", recipients__testList=members), {})
    found = seen(listed, "CRM").fields[email.TEST_LIST].value
    assert same(email.TEST_LIST, members, found)
    assert same(email.TEST_LIST, tuple(reversed(members)), found)
    assert not same(email.TEST_LIST, members[:2], found)
    assert same(email.TEST_LIST, ("z@example.com", "qa@example.com", "b@example.com"), found) is not listed.names


def test_capabilities_name_what_can_be_set(bench: Bench) -> None:
    can = bench.target.check(_desired()).capabilities
    assert can.of("configuration", email.HOST) == "sets"
    assert can.of("configuration", email.SECURITY) in ("sets", "verifies")
    assert can.of("binding", email.RECIPIENTS_MODE) == ("sets" if bench.lists else "cannot")
    assert can.of("binding", email.HOST) == "cannot"


def test_a_test_list_that_the_platform_cannot_hold_is_refused(bench: Bench) -> None:
    desired = _desired(recipients__mode="test-list", recipients__testList=("qa@example.com",))
    problems = [problem for _, problem in bench.target.check(desired).problems if problem.severity == "error"]
    assert bool(problems) is not bench.lists
    if problems:
        assert "Portal" in problems[0].remedy


def _desired(**fields: Value) -> Desired:
    values = {name.replace("__", "."): value for name, value in fields.items()}
    return Desired("qa", Configuration("relay", values, Place("environments/qa/email.yaml")))

"""What the ODC target does with ODC's own ways: permissions, the mapping, listings, faults, limits, foreign hands."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.contract.target_bench import CLIENTS, SECRET, SPEED, Emulators, OdcBench, dump, settled
from tests.contract.test_target import activate, make_live, seen, write
from tests.unit.target.clocks import FakeClock

from odc_emulator.profiles import PROFILES
from odc_emulator.seed import AppSeed, Seed, StageSeed
from odc_emulator.server import EmulatorServer
from stagemail.errors import (
    IncompleteListing,
    MappingMismatch,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    ReadOnly,
    Unreachable,
    UsageError,
    UserMustFix,
)
from stagemail.model import email
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.secret import Secret, SecretState
from stagemail.ports import Discovery, Target
from stagemail.target.odc.credentials import Credentials
from stagemail.target.odc.discovery import OdcDiscovery
from stagemail.target.odc.target import OdcSettings, OdcTarget, build, connect


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    running = Emulators()
    yield running
    running.close()


def _bench(profile: str, emulators: Emulators) -> Iterator[OdcBench]:
    made = OdcBench(emulators, profile)
    yield made
    made.control.switch_limits(enabled=False)
    made.close()


@pytest.fixture(params=PROFILES)
def each(request: pytest.FixtureRequest, emulators: Emulators) -> Iterator[OdcBench]:
    """A stage under each profile."""
    yield from _bench(request.param, emulators)


@pytest.fixture
def bench(emulators: Emulators) -> Iterator[OdcBench]:
    """A stage under one profile, where the profile does not matter."""
    yield from _bench("guid-pending", emulators)


@pytest.fixture
def dated(emulators: Emulators) -> Iterator[OdcBench]:
    """A stage under a profile that tells when a value was set."""
    yield from _bench(next(name for name, profile in PROFILES.items() if profile.updated_at), emulators)


HOST = "smtp.example.com"


def test_it_is_a_target_and_a_discovery(bench: OdcBench) -> None:
    target: Target = bench.target
    discovery: Discovery = OdcDiscovery(bench.connect(), None, dump)
    assert target
    assert discovery


# Permissions


def test_a_viewer_is_told_which_permission_a_write_takes(each: OdcBench) -> None:
    viewer = each.as_client("viewer")
    with pytest.raises(NotPermitted, match=rf"stage {each.name}.*\n.*viewer.*Edit configurations"):
        viewer.begin(write(each.key(), server__host=HOST), {})
    with pytest.raises(NotPermitted, match=r"app the label.*\n.*Deploy assets"):
        viewer.begin(activate(each.key("CRM")), {})
    assert seen(each).fields[email.HOST].value is None


def test_the_email_permission_is_named_where_it_is_missing(each: OdcBench) -> None:
    with pytest.raises(NotPermitted, match=r"Manage Email configurations \(SMTP\)"):
        each.as_client("no-email").begin(write(each.key(), server__host=HOST), {})


def test_a_stage_that_the_client_may_not_see_stops_only_itself(bench: OdcBench) -> None:
    target = bench.as_client("not-lonely", stages={"qa": bench.name, "lonely": "Lonely"})
    assert target.inventory("qa").apps
    with pytest.raises(NotFound, match=r"shows no stage Lonely[\s\S]*View stage[\s\S]*visible: .*T0"):
        target.inventory("lonely")


@pytest.mark.parametrize("client", ["suspended", "expired", "nobody"])
def test_a_client_that_cannot_log_in_is_named(bench: OdcBench, client: str) -> None:
    with pytest.raises(NotPermitted, match=client) as caught:
        bench.as_client(client).inventory("qa")
    assert SECRET not in str(caught.value)


def test_a_client_suspended_in_between_is_told_once(bench: OdcBench) -> None:
    target = bench.as_client("changing")
    target.inventory("qa")
    bench.control.portal("change-client", client="changing", state="suspended")
    try:
        with pytest.raises(NotPermitted, match="suspended"):
            target.observe("qa", [bench.key()])
    finally:
        bench.control.portal("change-client", client="changing", state="available")
    assert target.observe("qa", [bench.key()]).resources


def test_a_token_is_renewed_before_and_when_it_is_refused(bench: OdcBench) -> None:
    target = bench.as_client()
    target.inventory("qa")
    bench.control.advance(50_000)  # the emulator's clock only: our token is old and we do not know
    assert target.observe("qa", [bench.key()]).resources


def test_many_threads_fetch_one_token(bench: OdcBench) -> None:
    target = bench.as_client()
    before = bench.control.reads().get("identity", 0)
    gate = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: (gate.wait(120), target._api.environments("")), range(8)))
    assert bench.control.reads()["identity"] - before == 2  # discovery and one token


# Before a first deploy


def ahead_of(bench: OdcBench) -> tuple[OdcTarget, Key]:
    """A target that may write before a first deploy, and an app that is deployed in other stages only."""
    bench.undeploy("FieldApp")
    stages = {"qa": bench.mapping.of("qa").model_copy(update={"before_first_deploy": "revisionBaseline"})}
    bench.mapping = bench.mapping.model_copy(update={"stages": stages})
    target = bench.as_client()
    (app,) = target.inventory("qa").ahead
    return target, Key("qa", BINDING, app.key)


def test_an_app_gets_its_test_list_before_its_first_deploy_or_the_refusal_says_what_to_write(each: OdcBench) -> None:
    target, key = ahead_of(each)
    assert key.id not in {app.key for app in target.inventory("qa").apps}
    before = target.observe("qa", [key]).resources
    if not each.lists:
        assert before == (), "no recipients are shown, so none are written"
        return
    assert before[0].fields[email.RECIPIENTS_MODE].value == "set-in-app"
    step = write(key, recipients__mode="test-list", recipients__testList=("a@example.com",))
    if not each.profile.before_first_deploy:
        with pytest.raises(UserMustFix, match=r"before its first deploy[\s\S]*beforeFirstDeploy: waits"):
            target.begin(step, {})
        return
    target.begin(step, {})
    (after,) = target.observe("qa", [key]).resources
    assert (after.fields[email.TEST_LIST].value, after.foreign) == (("a@example.com",), ())
    assert not any(field.pending for field in after.fields.values()), "nothing runs yet, so nothing waits to run"
    each.control.deploy(each.name, "FieldApp")
    target.refresh()
    assert target.inventory("qa").ahead == ()
    (live,) = target.observe("qa", [key]).resources
    assert live.fields[email.TEST_LIST].live == ("a@example.com",)
    assert live.fields[email.RECIPIENTS_MODE].live == "test-list"


def test_without_the_mappings_word_nothing_is_written_before_a_first_deploy(bench: OdcBench) -> None:
    _, key = ahead_of(bench)
    stages = {"qa": bench.mapping.of("qa").model_copy(update={"before_first_deploy": "waits"})}
    bench.mapping = bench.mapping.model_copy(update={"stages": stages})
    target = bench.as_client()
    assert target.inventory("qa").ahead == ()
    assert target.observe("qa", [key]).resources == ()


# Stages, portfolios, listings


def test_a_stage_is_found_by_key_as_well(bench: OdcBench) -> None:
    identity = bench.target.inventory("qa").stage
    by_key = bench.as_client(stages={"qa": identity.key}).inventory("qa").stage
    assert (by_key, identity.name, identity.purpose) == (identity, bench.name, "non-production")


def test_a_renamed_stage_shows_its_new_name_under_its_key(bench: OdcBench) -> None:
    key = bench.target.inventory("qa").stage.key
    target = bench.as_client(stages={"qa": key})
    bench.control.portal("change-stage", stage=key, name="Renamed", purpose="null")
    try:
        identity = target.inventory("qa").stage
        assert (identity.key, identity.name, identity.purpose) == (key, "Renamed", "")
        with pytest.raises(NotFound):
            bench.as_client().inventory("qa")
    finally:
        bench.control.portal("change-stage", stage=key, name=bench.name, purpose="NonProduction")


def test_a_mapping_made_for_another_environment_stops_the_stage(bench: OdcBench) -> None:
    target = bench.as_client(stages={"qa": "Lonely"})
    with pytest.raises(MappingMismatch, match="discover"):
        target.observe("qa", [])


def test_one_listing_serves_all_stages(bench: OdcBench) -> None:
    stages = {"qa": bench.name, "other": "Lonely", "third": "T39"}
    target = bench.as_client(stages=stages)
    for stage in stages:
        target.inventory(stage)
    assert target.calls == {"portfolios": 3}
    target.refresh()
    target.inventory("qa")
    assert target.calls == {"portfolios": 6}


def test_the_least_possible_calls_are_made(bench: OdcBench) -> None:
    keys = [bench.key(), bench.key("CRM"), bench.key("Billing")]
    before = dict(bench.target.calls)  # type: ignore[attr-defined]
    bench.target.observe("qa", keys)
    calls = bench.target.calls  # type: ignore[attr-defined]
    assert calls["asset-configurations"] - before.get("asset-configurations", 0) == 3
    assert calls["portfolios"] == before["portfolios"]


@pytest.fixture(scope="module")
def large() -> Iterator[EmulatorServer]:
    """Two portfolios and 250 apps."""
    seed = Seed(
        portfolios=["Main", "Retail"],
        stages=[StageSeed(name="QA", order=1), StageSeed(name="Shop", order=2, portfolio="Retail")],
        apps=[
            *(AppSeed(name=f"App{number:03}", stages=["QA"]) for number in range(250)),
            AppSeed(name="Shop", stages=["Shop"]),
        ],
        clients=CLIENTS[:1],
    )
    with EmulatorServer("symbol-live", speed=SPEED, limits=False, seed=seed) as emulator:
        yield emulator


def _on(emulator: EmulatorServer, *portfolios: str, **stages: str) -> OdcTarget:
    settings = OdcSettings(emulator.url, stages or {"qa": "QA"}, portfolios)
    credentials = Credentials("stagemail-ci", lambda: Secret(SECRET))
    return build(connect(settings, credentials, FakeClock()), None, ThreadPoolExecutor(1))


@pytest.fixture
def closing() -> Iterator[list[OdcTarget]]:
    """Targets to close."""
    targets: list[OdcTarget] = []
    yield targets
    for target in targets:
        target._api.close()


def test_a_portfolio_must_be_named_where_there_are_several(large: EmulatorServer, closing: list[OdcTarget]) -> None:
    unnamed, wrong = _on(large), _on(large, "Other")
    several = _on(large, "Main", "Retail", qa="QA", shop="Shop")
    closing += [unnamed, wrong, several]
    with pytest.raises(UsageError, match="Main, Retail"):
        unnamed.inventory("qa")
    with pytest.raises(NotFound, match="Main, Retail"):
        wrong.inventory("qa")
    assert [app.name for app in several.inventory("shop").apps] == ["Shop"]


def test_a_long_listing_is_read_to_its_end(large: EmulatorServer, closing: list[OdcTarget]) -> None:
    closing.append(target := _on(large, "Main"))
    assert len(target.inventory("qa").apps) == 250


def test_a_page_that_came_short_is_no_listing(large: EmulatorServer, closing: list[OdcTarget]) -> None:
    closing.append(target := _on(large, "Main"))
    large.control.fault("partial-page", path="/deployed-assets", after=1)
    with pytest.raises(IncompleteListing, match=r"250|items"):
        target.inventory("qa")
    large.control.clear_faults()


# The mapping against the platform


@pytest.mark.parametrize(
    ("change", "told"),
    [({"name": "SMTP relay"}, "SMTP relay"), ({"data_type": "Decimal"}, "Decimal"), ({"remove": True}, "any more")],
)
def test_an_entry_that_changed_stops_the_stage(each: OdcBench, change: dict[str, Any], told: str) -> None:
    each.control.portal("change-entry", stage=each.name, field="host", **change)
    with pytest.raises(MappingMismatch, match=rf"{told}[\s\S]*stagemail target discover") as caught:
        each.target.observe("qa", [each.key()])
    assert email.HOST in str(caught.value)


def test_an_entry_of_apps_is_checked_too(bench: OdcBench) -> None:
    bench.control.portal("change-entry", stage=bench.name, field="testListActive", name="Something else")
    assert bench.target.observe("qa", [bench.key()]).resources
    with pytest.raises(MappingMismatch, match="app CRM"):
        bench.target.observe("qa", [bench.key(), bench.key("CRM")])


def test_entries_that_no_app_has_any_more_stop_the_stage(bench: OdcBench) -> None:
    for field in ("testList", "testListActive"):
        bench.control.portal("change-entry", stage=bench.name, field=field, remove=True)
    assert bench.target.observe("qa", [bench.key()]).resources
    with pytest.raises(MappingMismatch, match=r"no app that was read[\s\S]*stagemail target discover"):
        bench.target.observe("qa", [bench.key("CRM"), bench.key("Billing")])


def test_without_a_mapping_nothing_is_observed_or_written(bench: OdcBench) -> None:
    target = build(bench.connect(), None, bench._executor)
    assert target.inventory("qa").apps
    for call in (
        lambda: target.observe("qa", [bench.key()]),
        lambda: target.begin(write(bench.key(), server__host="x"), {}),
    ):
        with pytest.raises(MappingMismatch, match="discover"):
            call()


def test_entries_of_another_authentication_may_be_hidden(each: OdcBench) -> None:
    each.set(email.AUTH_TYPE, "oauth2")
    mapping = each.discovered(each.mapping)
    assert email.TOKEN_URL in mapping.stages["qa"].entries
    each.set(email.AUTH_TYPE, "basic")
    assert each.discovered(mapping).stages["qa"].entries == mapping.stages["qa"].entries
    target = build(each.connect(), mapping, each._executor)
    step = write(
        each.key(),
        authentication__type="oauth2",
        authentication__tokenUrl="https://login.example.com/token",
        authentication__clientId="mailer",
        authentication__clientSecret=SecretState("env:K"),
    )
    assert target.observe("qa", [each.key()]).resources
    target.begin(step, {email.CLIENT_SECRET: Secret("s3cret")})
    fields = target.observe("qa", [each.key()]).by_key()[each.key()].fields
    assert fields[email.AUTH_TYPE].value == "oauth2"
    assert fields[email.TOKEN_URL].value == "https://login.example.com/token"


# Writes


def test_a_stage_is_written_in_one_patch_with_authentication_as_one_unit(each: OdcBench) -> None:
    start = len(each.control.ledger())
    values = {
        "server__host": HOST,
        "server__port": 587,
        "authentication__type": "basic",
        "authentication__username": "m",
    }
    each.target.begin(
        write(each.key(), authentication__password=SecretState("env:K"), **values), {email.PASSWORD: Secret("s3cret")}
    )
    (row,) = each.control.ledger()[start:]
    assert (row["method"], row["status"], row["app"]) == ("PATCH", 204, None)
    assert [value["field"] for value in row["values"]] == ["host", "port", "authentication", "username", "password"]


def test_no_entry_of_the_stage_is_ever_written_in_an_app(each: OdcBench) -> None:
    start = len(each.control.ledger())
    with pytest.raises(UserMustFix):
        each.target.begin(write(each.key("CRM"), server__host=HOST), {})
    with pytest.raises(UserMustFix):
        each.target.begin(write(each.key(), recipients__mode="test-list"), {})
    assert each.control.ledger()[start:] == []


def test_nothing_but_reads_and_tokens_passes_a_read_only_target(bench: OdcBench) -> None:
    target = bench.as_client(read_only=True)
    target.inventory("qa")
    start = len(bench.control.ledger())
    transport = target._api._client._transport
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        with pytest.raises(ReadOnly):
            transport.send(method, f"{transport.base}/api/deployments/v1/deployment-operations", json={})
    with pytest.raises(UsageError):
        transport.send("GET", "https://elsewhere.example.com/")
    assert bench.control.ledger()[start:] == []


def test_an_activation_names_the_revision_that_is_deployed_now(bench: OdcBench) -> None:
    bench.target.inventory("qa")
    bench.control.deploy(bench.name, "CRM", 5)
    bench.leave_pending("CRM")
    seen(bench, "CRM")
    make_live(bench, "CRM")
    assert bench.control.ledger()[-1]["revision"] == 5


def test_an_activation_whose_answer_was_garbled_is_found_by_polling(bench: OdcBench) -> None:
    bench.leave_pending("CRM")
    bench.control.fault("truncated-json", method="POST", path="/deployment-operations")
    operation = bench.target.begin(activate(bench.key("CRM")), {})
    assert operation.id == ""
    assert settled(bench, [operation])[operation].status == "done"
    assert seen(bench, "CRM").foreign == ()


def test_what_was_accepted_and_not_stored_is_seen_by_reading(bench: OdcBench) -> None:
    bench.control.fault("not-stored", method="PATCH", path="default-system-configurations")
    bench.target.begin(write(bench.key(), server__host=HOST), {})
    assert seen(bench).fields[email.HOST].value is None
    bench.control.fault("third-value", method="PATCH", path="default-system-configurations", value="other.example.com")
    bench.target.begin(write(bench.key(), server__host=HOST), {})
    assert seen(bench).fields[email.HOST].value == "other.example.com"


# Foreign hands


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("settings/ApiUrl", "settings: ApiUrl"),
        ("settings/ApiKey", "settings: ApiKey"),
        ("timers/NightlyCleanup/Schedule", "timer NightlyCleanup: Schedule"),
        ("integrations/LedgerApi/Password", "integration LedgerApi: Password"),
        ("libraries/Theme/BrandColor", "library Theme: BrandColor"),
        ("enableTracing", "Enable request tracing"),
        ("maxUploadSize", "Max upload size"),
    ],
)
def test_a_pending_value_in_any_section_is_named(each: OdcBench, path: str, named: str) -> None:
    assert seen(each, "CRM").foreign == ()
    each.control.set(each.name, path, "0 5 * * *", "CRM", pending=True)
    assert seen(each, "CRM").foreign == (named,)
    assert seen(each, "Billing").foreign == ()


def test_a_secret_overwritten_by_somebody_has_other_evidence(dated: OdcBench) -> None:
    dated.set(email.PASSWORD, "first")
    before = seen(dated).fields[email.PASSWORD].evidence
    dated.set(email.PASSWORD, "second")
    assert before
    assert seen(dated).fields[email.PASSWORD].evidence not in ("", before)
    assert seen(dated).fields[email.HOST].evidence == ""


def test_a_deploy_by_somebody_makes_our_pending_values_live(each: OdcBench) -> None:
    each.target.begin(write(each.key(), server__host=HOST), {})
    each.control.deploy(each.name, "CRM")
    field = seen(each, "CRM").fields[email.HOST]
    assert (field.live, field.pending) == (HOST, False)


# Bad luck on the way

READ_FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
    {"kind": "truncated-json"},
    {"kind": "empty-body"},
    {"kind": "html", "status": 200},
    {"kind": "html", "status": 502},
    {"kind": "drop-before"},
]


@pytest.mark.parametrize("fault", READ_FAULTS, ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}")
def test_a_read_is_tried_again(bench: OdcBench, fault: dict[str, Any]) -> None:
    bench.control.fault(method="GET", path="/api/asset-configurations", times=2, **fault)
    assert seen(bench).fields
    bench.control.fault(method="GET", path="/api/portfolios", times=2, **fault)
    assert bench.as_client().inventory("qa").apps


def test_a_read_that_keeps_failing_ends(bench: OdcBench) -> None:
    bench.control.fault("html", method="GET", path="/api/asset-configurations", status=502, times=0)
    with pytest.raises(Unreachable, match="502"):
        bench.target.observe("qa", [bench.key()])
    bench.control.clear_faults()
    bench.control.fault("html", method="GET", path="/api/asset-configurations", status=200, times=0)
    with pytest.raises(Unreachable, match="not JSON"):
        bench.target.observe("qa", [bench.key()])


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_write_is_never_sent_twice_where_it_may_have_been_taken(bench: OdcBench, status: int) -> None:
    start = len(bench.control.ledger())
    bench.control.fault("status", method="PATCH", path="/api/", status=status)
    with pytest.raises(OutcomeUnknown):
        bench.target.begin(write(bench.key(), server__host=HOST), {})
    assert len(bench.control.ledger()[start:]) == 1


@pytest.mark.parametrize("profile", ["guid-pending", "symbol-pending"])
def test_a_write_that_was_limited_is_sent_again(emulators: Emulators, profile: str) -> None:
    for bench in _bench(profile, emulators):
        bench.control.fault("status", method="PATCH", path="/api/", status=429, times=2)
        bench.target.begin(write(bench.key(), server__host=HOST), {})
        assert seen(bench).fields[email.HOST].value == HOST


def test_no_secret_is_in_any_error(each: OdcBench) -> None:
    secret = "s3cret-value-of-mine"
    step = write(each.key(), authentication__type="basic", authentication__password=SecretState("env:K"))
    for fault in ({"kind": "drop-after"}, {"kind": "status", "status": 500, "message": f"bad value {secret}"}):
        each.control.fault(method="PATCH", path="/api/", **fault)
        with pytest.raises(OutcomeUnknown) as caught:
            each.target.begin(step, {email.PASSWORD: Secret(secret)})
        told: BaseException | None = caught.value
        while told is not None:
            assert secret not in repr(told) + str(told)
            told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)


# Limits


def test_the_published_limits_are_kept(emulators: Emulators) -> None:
    for bench in _bench("no-test-list-live", emulators):
        bench.control.switch_limits(enabled=True)
        before = dict(bench.control.refused())
        keys = [bench.key(), *(bench.key(app) for app in ("CRM", "Billing", "FieldApp"))]
        for _ in range(50):
            bench.target.observe("qa", keys)
        operations = [bench.target.begin(activate(bench.key("CRM")), {}) for _ in range(17)]
        assert {outcome.status for outcome in settled(bench, operations).values()} == {"done"}
        assert bench.control.refused() == before
        assert bench.target.calls["asset-configurations"] == 200  # type: ignore[attr-defined]


@pytest.mark.parametrize("profile", ["symbol-pending", "guid-pending"])
def test_limits_that_others_use_up_are_waited_for(emulators: Emulators, profile: str) -> None:
    """With Retry-After and without: our own bucket is still full."""
    for bench in _bench(profile, emulators):
        for _ in range(20):  # a minute there is less than a second here: one look may come after it
            bench.control.switch_limits(enabled=True, used_up="asset-configurations")
            assert len(bench.target.observe("qa", [bench.key(), bench.key("CRM")]).resources) == 2
            if bench.control.refused():
                break
        assert sum(bench.control.refused().values()) > 0


def test_keys_of_other_stages_are_left_out(bench: OdcBench) -> None:
    foreign = [Key("qa", CONFIGURATION, "another"), Key("qa", BINDING, "another")]
    assert bench.target.observe("qa", foreign).resources == ()
    with pytest.raises(NotFound):
        bench.target.begin(write(foreign[0], server__host=HOST), {})

"""Every hazard is raised when it should be and not otherwise, with the value that a waiver must name."""

from dataclasses import replace

import pytest
from tests.unit.planning.stage import (
    BASIC,
    LIST,
    NEW,
    OLD,
    REAL,
    REF,
    SERVER,
    STAGE,
    STAGE_KEY,
    Stage,
    app,
    app_key,
    binding,
    by_default,
    held,
    kinds,
    pending,
    shown,
    steps,
)

from stagemail.model import email
from stagemail.model.inventory import StageIdentity
from stagemail.model.policy import HELD_BY_DEFAULT, Policy
from stagemail.model.secret import SecretRef, SecretState
from stagemail.model.snapshot import AppliedField, Capabilities
from stagemail.model.step import Change, Step
from stagemail.planning.hazards import of_step
from stagemail.planning.plan_wide import plan_wide

CRM = app_key("CRM")
PRODUCTION = Policy(STAGE, "production")
OAUTH = {
    email.AUTH_TYPE: "oauth2",
    email.TOKEN_URL: "https://login.example.com/token",
    email.CLIENT_ID: "mailer",
    email.CLIENT_SECRET: REF,
}


def crm(fields, has=None, known=None, /, **more) -> Stage:
    """One app with its own recipients."""
    return Stage(
        binds=(binding("CRM", fields=fields),),
        apps=(app("CRM"),),
        app_has={"CRM": has or {}},
        app_known={} if known is None else {"CRM": known},
        **more,
    )


def of_app(fields, has=None, known=None, **more) -> dict[str, str]:
    return kinds(crm(fields, has, known, **more).write(CRM))


def of_stage(want, has, known=None, **more) -> dict[str, str]:
    return kinds(Stage(want=want, has=has, known=has if known is None else known, **more).write())


# Recipients


def test_from_a_test_list_to_real_users_is_widened() -> None:
    assert of_app(REAL, LIST, LIST) == {"recipients-widened": "set-in-app"}
    assert held(crm(REAL, LIST, LIST).write(CRM)) == {"recipients-widened"}


def test_undoing_a_list_that_somebody_switched_on_widens_all_the_same() -> None:
    assert of_app(REAL, LIST, REAL) == {"recipients-widened": "set-in-app"}


def test_a_list_that_the_platform_has_by_default_is_widened_too() -> None:
    seen = {email.RECIPIENTS_MODE: by_default("test-list")}
    assert of_app(REAL, seen) == {"recipients-widened": "set-in-app"}


@pytest.mark.parametrize("known", [None, REAL, LIST])
def test_narrowing_has_no_hazard_whoever_set_what_is_there(known) -> None:
    """A takeover and drift too: catching mail is never dangerous."""
    assert of_app(LIST, REAL, known) == {}


def test_another_member_is_no_widening() -> None:
    assert of_app({**LIST, email.TEST_LIST: ("new@example.com",)}, LIST, LIST) == {}


def test_recipients_that_a_platform_keeps_in_the_stage_are_guarded_like_an_apps() -> None:
    can = Capabilities({"configuration": dict.fromkeys(LIST, "sets")})
    step = Stage(want=REAL, has=LIST, known=LIST, capabilities=can).write()
    assert (kinds(step), held(step)) == ({"recipients-widened": "set-in-app"}, {"recipients-widened"})


def test_a_production_list_that_is_switched_on_is_named_and_not_held() -> None:
    step = crm(LIST, REAL, REAL, policy=PRODUCTION).write(CRM)
    assert kinds(step) == {"production-test-list-on": "test-list"}
    assert step.runnable
    assert of_app(LIST, REAL, REAL) == {}


def test_a_production_list_is_held_where_the_operator_says_so() -> None:
    policy = replace(PRODUCTION, hold=HELD_BY_DEFAULT | {"production-test-list-on"})
    assert held(crm(LIST, REAL, REAL, policy=policy).write(CRM)) == {"production-test-list-on"}


def test_members_outside_the_organization_are_named_exactly() -> None:
    policy = Policy(STAGE, "non-production", own_domains=("Example.COM",))
    members = ("Zoe <zoe@far.example>", "qa@EXAMPLE.com", "al@near.example", "x@sub.example.com")
    fields = {**LIST, email.TEST_LIST: members}
    assert of_app(fields, REAL, policy=policy) == {
        "test-list-outside-domain": "Zoe <zoe@far.example>, al@near.example, x@sub.example.com"
    }
    assert crm(fields, REAL, policy=policy).write(CRM).runnable
    assert of_app(LIST, REAL, policy=policy) == {}


def standing(stage: Stage) -> list[tuple[str, str]]:
    return [(note.subject, note.message) for note in stage.plan().notes if note.kind == "standing-hazard"]


def test_a_list_that_is_on_already_is_named_by_every_plan() -> None:
    far = {**LIST, email.TEST_LIST: ("a@far.example",)}
    policy = replace(PRODUCTION, own_domains=("example.com",))
    told = standing(crm(far, far, far, policy=policy))
    assert [subject for subject, _ in told] == ["production-test-list-on", "test-list-outside-domain"]
    assert told[0][1] == "CRM: customers get nothing while a list is on"
    assert standing(crm(LIST, LIST, LIST)) == []
    assert standing(crm(REAL, REAL, REAL, policy=policy)) == []
    assert standing(crm(far, REAL, REAL, policy=policy)) == [], "the step that writes it has the hazards"


def test_without_domains_of_the_organization_members_are_not_checked() -> None:
    assert of_app({**LIST, email.TEST_LIST: ("a@far.example",)}, REAL) == {}


# Server, authentication, sender


@pytest.mark.parametrize(
    ("was", "now", "lowered"),
    [
        ("tls", "starttls", True),
        ("starttls", "none", True),
        ("tls", "none", True),
        ("none", "starttls", False),
        ("starttls", "tls", False),
        ("something-newer", "starttls", True),
    ],
)
def test_security_is_lowered_in_one_direction_only(was, now, lowered) -> None:
    found = of_stage({**SERVER, email.SECURITY: now}, {**SERVER, email.SECURITY: was})
    assert found == ({"security-lowered": now} if lowered else {})


def test_the_first_create_lowers_nothing() -> None:
    """A platform's default is not security that anybody relied on while no server was set."""
    has = {email.SECURITY: by_default("starttls"), email.AUTH_TYPE: by_default("basic")}
    assert of_stage({**SERVER, email.SECURITY: "none", email.AUTH_TYPE: "none"}, has, known={}) == {}


def test_leaving_a_default_behind_on_a_server_that_runs_is_lowering() -> None:
    has = {**SERVER, email.SECURITY: by_default("starttls")}
    known = {email.HOST: "smtp.example.com", email.PORT: 587}
    assert of_stage({**SERVER, email.SECURITY: "none"}, has, known) == {"security-lowered": "none"}


def test_authentication_that_goes_to_none_is_dropped() -> None:
    step = Stage(want={**SERVER, email.AUTH_TYPE: "none"}, has={**SERVER, **BASIC}, known={**SERVER, **BASIC}).write()
    assert (kinds(step), held(step)) == ({"authentication-dropped": "none"}, {"authentication-dropped"})


def test_authentication_of_another_type_is_not_dropped() -> None:
    found = of_stage({**SERVER, **OAUTH}, {**SERVER, **BASIC}, secrets={REF: NEW})
    assert found == {}


def moved(**more) -> dict[str, str]:
    has = {**SERVER, **BASIC}
    return of_stage({**has, email.HOST: "smtp.elsewhere.example"}, has, **more)


def test_another_host_with_the_same_credential_is_held() -> None:
    assert moved() == {"host-changed-credential-kept": "smtp.elsewhere.example"}


def test_another_host_with_the_same_credential_sent_along_is_held() -> None:
    """The user name changes, so the password is sent too: it is still the password of the old host."""
    has = {**SERVER, **BASIC}
    found = of_stage({**has, email.HOST: "other.example", email.USERNAME: "new"}, has)
    assert found == {"host-changed-credential-kept": "other.example"}


def test_another_host_with_another_reference_to_the_same_value_is_held() -> None:
    ref = SecretRef("vault", "smtp")
    has = {**SERVER, **BASIC}
    want = {**has, email.HOST: "other.example", email.PASSWORD: ref}
    same_value = SecretState("vault:smtp", "1", OLD.fingerprint)
    assert "host-changed-credential-kept" in of_stage(want, has, secrets={ref: same_value})


def test_another_host_with_a_credential_that_nobody_verified_is_held() -> None:
    known = {**SERVER, **BASIC, email.PASSWORD: AppliedField(OLD, verified=False)}
    assert "host-changed-credential-kept" in moved(known=known)


def test_another_host_with_a_new_credential_is_fine() -> None:
    assert moved(secrets={REF: NEW}) == {}


def test_a_first_host_sends_no_credential_elsewhere() -> None:
    """A password is there, and no server that it was meant for."""
    assert of_stage({**SERVER, **BASIC}, {email.PASSWORD: REF}, known={}) == {}


def test_another_host_without_any_credential_is_fine() -> None:
    has = {**SERVER, email.AUTH_TYPE: "none"}
    assert of_stage({**has, email.HOST: "other.example"}, has) == {}


def test_undoing_a_host_that_somebody_changed_sends_the_credential_back_home() -> None:
    want = {**SERVER, **BASIC}
    step = Stage(want=want, has={**want, email.HOST: "other.example"}, known=want).write()
    assert kinds(step) == {}


def test_another_token_url_with_the_same_client_secret_is_held() -> None:
    has = {**SERVER, **OAUTH}
    want = {**has, email.TOKEN_URL: "https://evil.example/token"}
    assert of_stage(want, has) == {"host-changed-credential-kept": "https://evil.example/token"}
    assert of_stage(want, has, secrets={REF: NEW}) == {}


def test_the_same_token_url_sent_along_is_no_other_recipient() -> None:
    has = {**SERVER, **OAUTH}
    assert of_stage({**has, email.CLIENT_ID: "new"}, has) == {}


def test_another_domain_of_the_sender_is_named_and_not_held() -> None:
    has = {email.SENDER_ADDRESS: "no-reply@example.com"}
    step = Stage(want={email.SENDER_ADDRESS: "no-reply@qa.example.com"}, has=has, known=has).write()
    assert kinds(step) == {"sender-domain-changed": "qa.example.com"}
    assert step.runnable


@pytest.mark.parametrize("has", [{}, {email.SENDER_ADDRESS: by_default("noreply@vendor.example")}])
def test_a_first_sender_changes_no_domain(has) -> None:
    assert of_stage({email.SENDER_ADDRESS: "no-reply@example.com"}, has, known={}) == {}


def test_another_sender_of_the_same_domain_is_fine() -> None:
    has = {email.SENDER_ADDRESS: "a@Example.com"}
    assert of_stage({email.SENDER_ADDRESS: "b@example.com"}, has) == {}


# Values of others


def test_taking_over_what_somebody_set_names_all_that_is_taken() -> None:
    step = Stage(want=SERVER, has={email.HOST: "old.example", email.PORT: 25}).write()
    assert kinds(step) == {"takeover": "server.host=smtp.example.com; server.port=587"}
    assert held(step) == {"takeover"}


def test_a_change_in_git_over_an_outside_change_is_a_takeover() -> None:
    assert of_stage({email.PORT: 587}, {email.PORT: 2525}, known={email.PORT: 25}) == {"takeover": "server.port=587"}


@pytest.mark.parametrize("known", [{email.PORT: 25}, {email.PORT: 587}])
def test_a_change_in_git_and_drift_take_nothing_over(known) -> None:
    assert of_stage({email.PORT: 587}, {email.PORT: 25}, known=known) == {}


def test_a_value_too_long_for_a_waiver_is_named_by_its_start_and_digest() -> None:
    members = tuple(f"member-{number:03}@example.com" for number in range(500))
    fields = {**LIST, email.TEST_LIST: members}
    to = of_app(fields, {**LIST, email.TEST_LIST: ("x@example.com",)})["takeover"]
    other = {**fields, email.TEST_LIST: (*members[:-1], "another@example.com")}
    assert len(to) < 200
    assert to.startswith("recipients.testList=member-000@example.com")
    assert of_app(other, {**LIST, email.TEST_LIST: ("x@example.com",)})["takeover"] != to


def live_of(stage: Stage, name: str = "CRM"):
    found = [step for step in stage.plan().steps if step.action == "activate" and step.label == name]
    assert len(found) == 1, found
    return found[0]


def test_what_somebody_else_left_pending_would_be_dragged_along() -> None:
    stage = crm(LIST, REAL, REAL, foreign={"CRM": ("Setting B", "Setting A")})
    assert kinds(live_of(stage)) == {"foreign-pending": "Setting A, Setting B"}
    assert held(live_of(stage)) == {"foreign-pending"}
    assert stage.write(CRM).runnable


def test_a_widening_that_waits_on_the_platform_is_not_made_live_unseen() -> None:
    """Somebody set in the portal what Git wants and no waiver accepts: nothing to write, and still a widening."""
    stage = crm(REAL, {email.RECIPIENTS_MODE: pending("set-in-app", "test-list")}, LIST)
    assert steps(stage.plan(), "write") == []
    assert kinds(live_of(stage)) == {"recipients-widened": "set-in-app"}
    assert held(live_of(stage)) == {"recipients-widened"}


def test_a_widening_that_waits_in_an_app_that_nobody_bound_is_seen_too() -> None:
    stage = crm({}, {email.RECIPIENTS_MODE: pending("set-in-app", "test-list")}, want=SERVER)
    stage.binds = ()
    assert kinds(live_of(stage)) == {"foreign-pending": "recipients.mode", "recipients-widened": "set-in-app"}


# Apps that nobody bound


def test_settings_that_let_unbound_apps_send_name_each_of_them() -> None:
    stage = Stage(want=SERVER, apps=(app("Billing"), app("CRM")), binds=(binding("CRM", fields=LIST),))
    assert kinds(stage.write()) == {"uncovered-app": "Billing"}
    assert stage.write().runnable
    stage.policy = PRODUCTION
    assert kinds(stage.write()) == {}


def test_a_new_sender_and_a_rotation_let_no_app_send() -> None:
    has = {**SERVER, **BASIC, email.SENDER_NAME: "old"}
    stage = Stage(want={**has, email.SENDER_NAME: "new"}, has=has, known=has, secrets={REF: NEW}, apps=(app("CRM"),))
    assert kinds(stage.write()) == {}


def test_a_binding_that_goes_leaves_its_app_uncovered() -> None:
    stage = Stage(apps=(app("CRM"),), app_has={"CRM": LIST}, app_known={"CRM": LIST})
    (step,) = steps(stage.plan(), "unmanage")
    assert kinds(step) == {"uncovered-app": "CRM"}
    assert step.runnable
    stage.policy = replace(stage.policy, hold=frozenset({"uncovered-app"}))
    assert held(steps(stage.plan(), "unmanage")[0]) == {"uncovered-app"}


# The plan as a whole


def whole(stage: Stage) -> dict[str, str]:
    return {hazard.kind: hazard.to for hazard in stage.plan().hazards}


@pytest.mark.parametrize(
    ("now", "to"),
    [
        (StageIdentity("env-other", "QA", "non-production"), "env-other"),
        (StageIdentity("env-qa", "Production", "non-production"), "Production"),
        (StageIdentity("env-qa", "QA", ""), "none"),
        (StageIdentity("env-qa", "QA", "development"), "development"),
    ],
)
def test_a_stage_that_is_not_what_it_was_stops_everything(now, to) -> None:
    stage = Stage(want=SERVER, has=SERVER, known={**SERVER, email.PORT: 25}, identity=now)
    assert whole(stage) == {"identity-changed": to}
    assert (stage.plan().runnable, stage.plan().adopt) == ((), ())


def test_a_stage_that_we_see_for_the_first_time_is_no_change() -> None:
    assert whole(Stage(want=SERVER, was=None)) == {}


def test_an_app_whose_key_has_another_name_stops_everything() -> None:
    stage = crm(LIST, LIST, LIST)
    stage.apps = (app("CRM", name="CRM 2"), app("New"))
    assert whole(stage) == {"identity-changed": "CRM 2"}


def test_an_app_that_is_gone_has_not_changed() -> None:
    stage = crm(LIST, LIST, LIST)
    stage.apps = ()
    assert whole(stage) == {}
    assert stage.plan().steps == ()


def many(count: int, changed: int, **policy) -> Stage:
    """So many bound apps, of which some get another list."""
    names = [f"App{n}" for n in range(count)]
    old = {**LIST, email.TEST_LIST: ("old@example.com",)}
    has = {name: (old if n < changed else LIST) for n, name in enumerate(names)}
    return Stage(
        binds=(binding("*", fields=LIST),),
        apps=tuple(map(app, names)),
        app_has=has,
        app_known=has,
        policy=Policy(STAGE, "non-production", **policy),
    )


@pytest.mark.parametrize(
    ("count", "changed", "mass"),
    [(30, 10, False), (30, 11, True), (100, 30, False), (100, 31, True), (10, 10, False)],
)
def test_a_mass_change_is_over_both_thresholds(count, changed, mass) -> None:
    assert whole(many(count, changed)) == ({"mass-change": f"{changed} of {count}"} if mass else {})


def test_a_mass_change_counts_resources_and_not_steps() -> None:
    fields = {email.HOST: "new.example", email.SENDER_NAME: "new"}
    has = {email.HOST: "old.example", email.SENDER_NAME: "old"}
    stage = Stage(want=fields, has=has, known=has, policy=Policy(STAGE, "non-production", mass_absolute=1))
    assert len(steps(stage.plan(), "write")[0].changes) == 2
    assert whole(stage) == {}


def test_what_is_created_is_no_mass_change() -> None:
    stage = many(30, 30)
    stage.app_has, stage.app_known = {}, {}
    assert len(stage.plan().runnable) == 60
    assert whole(stage) == {}


def test_a_field_that_is_new_on_what_is_applied_is_no_mass_change() -> None:
    policy = Policy(STAGE, "non-production", mass_absolute=0, mass_relative=0.0)
    stage = Stage(want={**SERVER, email.SENDER_NAME: "QA"}, has=SERVER, known=SERVER, policy=policy)
    assert whole(stage) == {}
    assert len(stage.plan().runnable) == 1


def test_bindings_that_go_are_a_mass_change() -> None:
    stage = many(30, 0)
    stage.binds = ()
    assert whole(stage) == {"mass-change": "30 of 30"}


def test_a_mass_change_does_not_hold_a_rotation() -> None:
    stage = many(30, 30)
    stage.want = stage.has = stage.known = {**SERVER, **BASIC}
    stage.secrets = {REF: NEW}
    assert whole(stage) == {"mass-change": "30 of 31"}
    plan = stage.plan()
    assert {step.key.kind for step in plan.runnable if step.action == "write"} == {"configuration"}
    (write,) = [step for step in plan.runnable if step.action == "write"]
    assert {change.case for change in write.changes} == {"rotated", "together"}
    assert all(step.if_pending for step in plan.runnable if step.action == "activate")
    assert len([step for step in plan.runnable if step.action == "activate"]) == 30


def test_a_rotation_leaves_what_a_mass_change_holds_beside_it() -> None:
    stage = many(30, 30)
    stage.has = stage.known = {**SERVER, **BASIC}
    stage.want = {**SERVER, **BASIC, email.SENDER_NAME: "new"}
    stage.secrets = {REF: NEW}
    (write,) = [step for step in stage.plan().runnable if step.action == "write"]
    assert email.SENDER_NAME not in {change.field for change in write.changes}
    assert email.PASSWORD in {change.field for change in write.changes}


def test_a_rotation_with_all_its_group_is_no_mass_change() -> None:
    has = {**SERVER, **BASIC}
    policy = Policy(STAGE, "non-production", mass_absolute=0, mass_relative=0.0)
    assert whole(Stage(want=has, has=has, known=has, secrets={REF: NEW}, policy=policy)) == {}


def test_steps_that_do_not_run_anyway_are_no_mass_change_that_stops_a_rotation() -> None:
    has = {**SERVER, **BASIC}
    stage = many(30, 0)
    stage.want, stage.has, stage.known, stage.secrets = has, has, has, {REF: NEW}
    stage.binds = (binding("*", fields=REAL),)
    plan = stage.plan()
    assert len(plan.held) == 30
    assert plan.hazards == ()
    assert STAGE_KEY in {step.key for step in plan.runnable}


def test_drift_that_is_only_reported_is_no_mass_change() -> None:
    stage = many(30, 30, automatic=True, automated=True, self_heal="none")
    stage.app_known = {found.name: LIST for found in stage.apps}
    assert len(stage.plan().reported) == 30
    assert whole(stage) == {}


# Outside the window


CLOSED = Policy(STAGE, "non-production", outside_window="opens 2026-11-23 08:00 UTC")


def test_outside_the_window_writes_are_held_for_exactly_this_window() -> None:
    step = Stage(want=SERVER, policy=CLOSED).write()
    assert kinds(step) == {"outside-window": "opens 2026-11-23 08:00 UTC"}
    assert held(step) == {"outside-window"}


def test_narrowing_and_rotation_do_not_wait_for_the_window() -> None:
    has = {**SERVER, **BASIC}
    stage = crm(LIST, REAL, REAL, want=has, has=has, policy=CLOSED)
    stage.known, stage.secrets = has, {REF: NEW}
    assert all(step.runnable for step in stage.plan().steps)
    assert {step.key for step in stage.plan().steps} == {CRM, STAGE_KEY}


def test_what_waits_on_the_platform_is_made_live_inside_the_window() -> None:
    stage = Stage(want=SERVER, has=SERVER, known=SERVER, apps=(app("CRM"),), policy=CLOSED)
    stage.app_has = {"CRM": {email.PORT: pending(587, 25)}}
    assert held(live_of(stage)) == {"outside-window"}
    stage.policy = Policy(STAGE, "non-production")
    assert live_of(stage).runnable


def test_a_rotated_secret_that_waits_on_the_platform_is_made_live_at_once() -> None:
    has = {**SERVER, **BASIC}
    stage = Stage(want=has, has=has, known=has, apps=(app("CRM"),), policy=CLOSED)
    stage.app_has = {"CRM": {**SERVER, email.PASSWORD: replace(shown(REF), pending=True)}}
    assert live_of(stage).runnable


def test_a_list_that_waits_on_the_platform_is_made_live_at_once() -> None:
    has = {**LIST, email.RECIPIENTS_MODE: pending("test-list", "set-in-app")}
    assert live_of(crm(LIST, has, LIST, policy=CLOSED)).runnable


@pytest.mark.parametrize("case", ["rotated", "unsettled", "unverified"])
def test_a_credential_that_is_renewed_waits_for_no_window_and_is_no_mass_change(case) -> None:
    changes = (Change(email.USERNAME, "a", "a", "together"), Change(email.PASSWORD, None, OLD, case))
    step = Step("write", STAGE_KEY, "qa", email.CONNECTION, 2, changes)
    assert of_step(step, {}, CLOSED, {}) == ()
    stage = Stage(known=BASIC, policy=Policy(STAGE, "non-production", mass_absolute=0, mass_relative=0.0)).situation()
    assert plan_wide(stage.applied, stage.inventory, [step], stage.policy) == ()

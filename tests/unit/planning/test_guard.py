"""What a hazard holds, what a waiver accepts, and what runs that nobody watches leave to people."""

from dataclasses import replace

import pytest
from tests.unit.planning.stage import (
    BASIC,
    IDENTITY,
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
    cases,
    held,
    kinds,
    notes,
    pending,
    steps,
    waive,
)

from stagemail.model import email
from stagemail.model.policy import HELD_BY_DEFAULT, Policy
from stagemail.model.secret import Masked
from stagemail.model.snapshot import AppliedField, ObservedField

CRM, BILLING = app_key("CRM"), app_key("Billing")
FULL = {**SERVER, **BASIC, email.SENDER_ADDRESS: "a@example.com"}


def widening(*waivers) -> Stage:
    """CRM and Billing go from a list to real users."""
    lists = {"CRM": LIST, "Billing": LIST}
    return Stage(
        binds=(binding("*", fields=REAL),),
        apps=(app("Billing"), app("CRM")),
        app_has=lists,
        app_known=lists,
        waivers=waivers,
    )


def test_a_waiver_accepts_its_hazard_for_its_app_and_no_other() -> None:
    plan = widening(waive("recipients-widened", "set-in-app", "CRM", name="pilot")).plan()
    by_key = {step.key: step for step in steps(plan, "write")}
    assert (by_key[CRM].held, by_key[CRM].waivers) == ((), ("pilot",))
    assert (held(by_key[BILLING]), by_key[BILLING].waivers) == ({"recipients-widened"}, ())
    assert kinds(by_key[CRM]) == {"recipients-widened": "set-in-app"}


@pytest.mark.parametrize("apps", [("key-crm",), ("Nobody", "CRM")])
def test_a_waiver_names_apps_as_a_binding_does(apps) -> None:
    plan = widening(waive("recipients-widened", "set-in-app", *apps)).plan()
    assert {step.key for step in plan.held} == {BILLING}


@pytest.mark.parametrize(
    "waiver",
    [
        waive("recipients-widened", "set-in-app", "Portal"),
        waive("recipients-widened", "set-in-app"),
        waive("recipients-widened", "set-in-App", "*"),
        waive("recipients-widened", "", "*"),
        waive("recipients-widened", "set-in-app", "*", "C*"),
        waive("takeover", "set-in-app", "*"),
    ],
)
def test_anything_else_accepts_nothing_and_is_named(waiver) -> None:
    plan = widening(waiver).plan()
    assert {step.key for step in plan.held} == {CRM, BILLING}
    assert notes(plan, "waiver-unused") == ["w"]


def test_a_waiver_past_its_date_still_accepts() -> None:
    plan = widening(waive("recipients-widened", "set-in-app", "CRM", "Billing", expires="2001-01-01")).plan()
    assert plan.held == ()
    assert notes(plan, "waiver-unused") == []


def test_a_waiver_for_apps_does_not_accept_what_the_stage_does() -> None:
    stage = Stage(want={email.PORT: 587}, has={email.PORT: 25}, waivers=(waive("takeover", "server.port=587", "*"),))
    assert stage.plan().is_held
    stage.waivers = (waive("takeover", "server.port=587"),)
    assert not stage.plan().is_held


def test_every_hazard_of_a_step_needs_its_own_waiver() -> None:
    lists = {"CRM": LIST}
    one, other = (
        waive("recipients-widened", "set-in-app", "CRM"),
        waive("takeover", "recipients.mode=set-in-app", "CRM"),
    )
    stage = Stage(binds=(binding("CRM", fields=REAL),), apps=(app("CRM"),), app_has=lists, waivers=(one,))
    assert held(stage.write(CRM)) == {"takeover"}
    stage.waivers = (one, other)
    assert stage.write(CRM).runnable


@pytest.mark.parametrize("apps", [(), ("Billing",)])
def test_an_unbound_app_is_accepted_by_its_name_with_or_without_apps(apps) -> None:
    hold = HELD_BY_DEFAULT | {"uncovered-app"}
    stage = Stage(want=SERVER, apps=(app("Billing"),), policy=Policy(STAGE, "non-production", hold=hold))
    assert held(stage.write()) == {"uncovered-app"}
    stage.waivers = (waive("uncovered-app", "Billing", *apps),)
    assert stage.write().runnable
    stage.waivers = (waive("uncovered-app", "CRM", *apps),)
    assert held(stage.write()) == {"uncovered-app"}


def test_what_the_operator_does_not_hold_is_still_named() -> None:
    stage = widening()
    stage.policy = replace(stage.policy, hold=frozenset())
    assert [kinds(step) for step in steps(stage.plan(), "write")] == [{"recipients-widened": "set-in-app"}] * 2
    assert not stage.plan().is_held


# Units


def test_a_held_unit_holds_no_other_unit() -> None:
    """A takeover of the sender and a widening are held; port and password are not."""
    has = {**FULL, email.PORT: 25, email.SENDER_ADDRESS: "b@other.example"}
    stage = widening()
    stage.want, stage.has, stage.secrets = FULL, has, {REF: NEW}
    stage.known = {**FULL, email.PORT: 25, email.SENDER_ADDRESS: "c@example.com"}
    plan = stage.plan()
    assert {(step.key, step.unit) for step in plan.held} == {
        (STAGE_KEY, "sender"),
        (CRM, "recipients"),
        (BILLING, "recipients"),
    }
    (write,) = [step for step in plan.runnable if step.action == "write"]
    assert cases(write)[email.PORT] == "changed"
    assert cases(write)[email.PASSWORD] == "rotated"


def test_narrowing_is_not_held_by_anything_in_the_stage() -> None:
    stage = Stage(want=SERVER, has={email.HOST: "theirs.example"}, binds=(binding("CRM", fields=LIST),))
    stage.apps, stage.app_has = (app("CRM"),), {"CRM": REAL}
    plan = stage.plan()
    assert {step.key for step in plan.held} == {STAGE_KEY}
    assert {step.key for step in plan.runnable} == {CRM}


def lowered(**changed) -> Stage:
    """Weaker security is held; the password rotated as well."""
    want = {**SERVER, **BASIC, email.SECURITY: "none", **changed}
    has = {**SERVER, **BASIC}
    return Stage(want=want, has=has, known=has, secrets={REF: NEW})


def test_a_rotation_leaves_what_is_held_beside_it_behind() -> None:
    plan = lowered().plan()
    (rotation,) = plan.runnable
    assert cases(rotation) == {email.AUTH_TYPE: "together", email.USERNAME: "together", email.PASSWORD: "rotated"}
    assert rotation.why == ("secret rotated in its store", "configuration relay")
    (rest,) = plan.held
    assert (cases(rest), held(rest)) == ({email.SECURITY: "changed"}, {"security-lowered"})
    assert rest.id != rotation.id


@pytest.mark.parametrize(
    "changed",
    [{email.HOST: "other.example"}, {email.PORT: 2525}, {email.USERNAME: "new"}],
)
def test_a_rotation_never_goes_to_a_server_that_it_is_not_for(changed) -> None:
    plan = lowered(**changed).plan()
    assert plan.runnable == ()
    assert len(plan.held) == 1


def test_a_rotation_waits_for_nothing_but_its_own_unit_when_nothing_is_held() -> None:
    (step,) = lowered(**{email.SECURITY: "tls"}).plan().runnable
    assert step.unit == "connection"
    assert cases(step)[email.SECURITY] == "changed"
    assert cases(step)[email.PASSWORD] == "rotated"


# The plan as a whole


def renamed(*waivers) -> Stage:
    stage = Stage(want=FULL, has=FULL, known={**FULL, email.PORT: 25}, secrets={REF: NEW}, waivers=waivers)
    stage.identity = replace(IDENTITY, name="QA 2")
    stage.binds, stage.apps, stage.app_has = (binding("CRM", fields=LIST),), (app("CRM"),), {"CRM": REAL}
    return stage


def test_a_hazard_of_the_whole_plan_holds_rotation_and_narrowing_too() -> None:
    plan = renamed().plan()
    assert plan.steps
    assert all(held(step) == {"identity-changed"} for step in plan.steps)
    assert (plan.runnable, plan.adopt) == ((), ())


def test_a_waiver_for_the_whole_plan_lets_all_of_it_run_and_is_named_on_each_step() -> None:
    plan = renamed(waive("identity-changed", "QA 2", name="rename")).plan()
    assert plan.hazards == ()
    assert all(step.runnable and step.waivers == ("rename",) for step in plan.steps)
    assert {hazard.kind for step in plan.steps for hazard in step.hazards} == {"identity-changed"}
    assert notes(plan, "waiver-unused") == []


@pytest.mark.parametrize("waiver", [waive("identity-changed", "QA 3"), waive("identity-changed", "QA 2", "CRM")])
def test_a_waiver_for_another_name_lets_nothing_run(waiver) -> None:
    assert renamed(waiver).plan().runnable == ()


def test_a_waiver_of_a_plan_without_steps_is_used_all_the_same() -> None:
    stage = Stage(want=SERVER, has=SERVER, known=SERVER, identity=replace(IDENTITY, name="QA 2"))
    stage.waivers = (waive("identity-changed", "QA 2"),)
    assert notes(stage.plan(), "waiver-unused") == []


# Runs that nobody watches


def automatic(self_heal: str, *, automated: bool = True) -> Policy:
    return Policy(STAGE, "non-production", automated=automated, self_heal=self_heal, automatic=True)  # type: ignore[arg-type]


def drifted(policy: Policy) -> Stage:
    """CRM's list was switched off by hand, Billing's was changed, and so was the port."""
    other = {**LIST, email.TEST_LIST: ("x@example.com",)}
    return Stage(
        want=SERVER,
        has={**SERVER, email.PORT: 25},
        known=SERVER,
        binds=(binding("*", fields=LIST),),
        apps=(app("Billing"), app("CRM")),
        app_has={"CRM": REAL, "Billing": other},
        app_known={"CRM": LIST, "Billing": LIST},
        policy=policy,
    )


@pytest.mark.parametrize(
    ("self_heal", "healed"),
    [("none", set()), ("recipients", {CRM}), ("all", {CRM, BILLING, STAGE_KEY})],
)
def test_drift_is_healed_as_far_as_self_heal_says_and_reported_beyond(self_heal, healed) -> None:
    writes = steps(drifted(automatic(self_heal)).plan(), "write")
    assert {step.key for step in writes if step.runnable} == healed
    assert {step.key for step in writes if step.reported} == {CRM, BILLING, STAGE_KEY} - healed


def test_a_person_heals_all_of_it() -> None:
    policy = replace(automatic("none"), automatic=False)
    assert drifted(policy).plan().reported == ()


def test_where_nothing_is_automated_everything_is_left_to_people() -> None:
    plan = drifted(automatic("all", automated=False)).plan()
    assert plan.runnable == ()
    assert {step.why[-1] for step in plan.reported} == {"drift; sync.automated is false for this stage"}


@pytest.mark.parametrize(("self_heal", "sent"), [("none", False), ("recipients", False), ("all", True)])
def test_an_overwritten_secret_is_drift(self_heal, sent) -> None:
    seen = ObservedField(Masked(present=True), Masked(present=True), evidence="tuesday")
    stage = Stage(want=FULL, has={**FULL, email.PASSWORD: seen}, policy=automatic(self_heal))
    stage.known = {**FULL, email.PASSWORD: AppliedField(OLD, "monday")}
    assert bool(stage.plan().runnable) is sent
    assert bool(stage.plan().reported) is not sent


def test_a_change_in_git_goes_through_and_takes_drift_of_its_unit_along() -> None:
    """Half a unit would send the new password to the host that somebody else set."""
    stage = Stage(want=FULL, has={**FULL, email.HOST: "theirs.example"}, known=FULL, policy=automatic("none"))
    stage.secrets = {REF: NEW}
    (step,) = stage.plan().runnable
    assert cases(step)[email.HOST] == "drift"
    assert cases(step)[email.PASSWORD] == "rotated"


def test_drift_of_another_unit_is_reported_beside_a_change_in_git() -> None:
    stage = Stage(want=FULL, has={**FULL, email.SENDER_ADDRESS: "x@example.com", email.PORT: 25}, known=FULL)
    stage.known, stage.policy = {**FULL, email.PORT: 25}, automatic("none")
    plan = stage.plan()
    assert [step.unit for step in plan.runnable] == ["connection"]
    assert [step.unit for step in plan.reported] == ["sender"]


@pytest.mark.parametrize("self_heal", ["none", "recipients", "all"])
def test_unmanaging_and_making_live_what_git_wants_is_no_healing(self_heal) -> None:
    stage = Stage(want=SERVER, has=SERVER, known=SERVER, apps=(app("CRM"),), policy=automatic(self_heal))
    stage.app_has, stage.app_known = {"CRM": {email.PORT: pending(587, 25)}}, {"CRM": LIST}
    assert sorted(step.action for step in stage.plan().runnable) == ["activate", "unmanage"]


def test_a_held_step_is_held_and_not_merely_reported() -> None:
    stage = widening()
    stage.policy = automatic("none", automated=False)
    assert len(stage.plan().held) == 2
    assert stage.plan().reported == ()


def test_a_waiver_by_a_pattern_says_why_it_accepts_no_widening() -> None:
    plan = widening(waive("recipients-widened", "set-in-app", "*")).plan()
    (note,) = (note for note in plan.notes if note.kind == "waiver-unused")
    assert note.message == "accepts recipients-widened only for apps that it names, not by a pattern"

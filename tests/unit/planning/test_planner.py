"""Planning as a whole: who the stage is, what is forgotten, what a saved plan stands on."""

from dataclasses import replace

import pytest
from tests.unit.planning.stage import (
    IDENTITY,
    LIST,
    REAL,
    SERVER,
    STAGE,
    STAGE_KEY,
    Stage,
    app,
    app_key,
    binding,
    held,
    kinds,
    pending,
    steps,
    waive,
)

from stagemail.errors import UserMustFix
from stagemail.model import email
from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.policy import Policy
from stagemail.planning import plan_stage

CRM = app_key("CRM")


@pytest.mark.parametrize(
    ("ours", "platforms", "refused"),
    [
        ("development", "non-production", True),
        ("development", "production", True),
        ("non-production", "production", True),
        ("production", "development", False),
        ("production", "production", False),
        ("development", "", False),
        ("development", "something-new", False),
    ],
)
def test_a_purpose_weaker_than_the_platforms_is_refused(ours, platforms, refused) -> None:
    identity = replace(IDENTITY, purpose=platforms)
    stage = Stage(want=SERVER, identity=identity, was=None, policy=Policy(STAGE, ours))
    if not refused:
        assert stage.plan().steps
        return
    with pytest.raises(UserMustFix, match=f"purpose is {ours} in the operator file, {platforms} on the platform"):
        stage.plan()


def test_a_stricter_purpose_than_the_platforms_counts() -> None:
    stage = Stage(binds=(binding("CRM", fields=LIST),), apps=(app("CRM"),), policy=Policy(STAGE, "production"))
    assert kinds(stage.write(CRM)) == {"production-test-list-on": "test-list"}


def test_a_removed_binding_is_forgotten_and_nothing_is_written() -> None:
    stage = Stage(apps=(app("CRM"),), app_has={"CRM": LIST}, app_known={"CRM": LIST})
    (step,) = stage.plan().steps
    assert (step.action, step.key, step.changes) == ("unmanage", CRM, ())
    assert step.why == ("no longer in Git: the platform keeps its values, stagemail forgets them",)


def test_an_app_that_is_not_deployed_any_more_stays_in_the_record_bound_or_not() -> None:
    stage = Stage(binds=(binding("CRM", fields=LIST),), app_known={"CRM": LIST, "Other": LIST})
    assert (stage.plan().steps, stage.plan().adopt) == ((), ())


def test_a_stage_with_another_key_is_taken_over_once_a_waiver_says_so_and_the_old_one_is_forgotten() -> None:
    new = StageIdentity("env-new", "QA", "non-production")
    stage = Stage(want=SERVER, known=SERVER, identity=new, waivers=(waive("identity-changed", "env-new"),))
    stage.unseen = frozenset({STAGE_KEY})
    by_action = {step.action: step for step in stage.plan().steps}
    assert by_action["unmanage"].key == STAGE_KEY
    assert by_action["write"].key == Key(STAGE, "configuration", "env-new")
    stage.waivers = ()
    assert stage.plan().runnable == ()


def test_an_accepted_new_name_of_an_app_is_recorded() -> None:
    stage = Stage(binds=(binding("CRM 2", fields=LIST),), app_known={"CRM": LIST}, app_has={"CRM 2": LIST})
    stage.apps = (replace(app("CRM"), name="CRM 2"),)
    assert stage.plan().adopt == ()
    stage.waivers = (waive("identity-changed", "CRM 2"),)
    assert [(resource.key, resource.label) for resource in stage.plan().adopt] == [(CRM, "CRM 2")]


def test_conflicts_come_with_the_plan() -> None:
    stage = Stage(binds=(binding("CRM", name="a"), binding("CRM", name="b")), apps=(app("CRM"),))
    _, resolved = plan_stage(stage.situation())
    assert [conflict.app for conflict in resolved.conflicts] == ["CRM"]


def test_a_plan_knows_what_it_stands_on() -> None:
    plan = Stage(want=SERVER).plan()
    assert (plan.stage, plan.target, plan.revision, plan.identity) == (STAGE, "memory", "a" * 40, IDENTITY)


@pytest.mark.parametrize(
    "moved",
    [
        {"has": {**SERVER, email.PORT: 25}},
        {"has": {email.HOST: pending("smtp.example.com", "old.example")}},
        {"apps": ()},
        {"apps": (replace(app("CRM"), revision=2),)},
        {"foreign": {"CRM": ("Timer",)}},
        {"app_has": {"CRM": REAL}},
        {"identity": replace(IDENTITY, name="QA 2")},
    ],
)
def test_the_fingerprint_follows_everything_that_was_observed(moved) -> None:
    before = Stage(want=SERVER, has=SERVER, apps=(app("CRM"),))
    assert replace(before, **moved).plan().observed != before.plan().observed


def test_the_fingerprint_does_not_follow_git_or_our_record() -> None:
    before = Stage(want=SERVER, has=SERVER, apps=(app("CRM"),))
    after = replace(before, want=None, known=SERVER, binds=(binding("*", fields=LIST),))
    assert after.plan().observed == before.plan().observed


def test_a_held_unit_keeps_its_old_record_and_the_rest_is_adopted() -> None:
    stage = Stage(want=SERVER, has={**SERVER, email.PORT: 25})
    assert held(stage.write()) == {"takeover"}
    assert set(stage.plan().adopt[0].fields) == {email.HOST, email.SECURITY}
    assert steps(stage.plan(), "activate") == []


def test_an_app_gets_its_test_list_before_its_first_deploy_and_nothing_is_made_live() -> None:
    stage = Stage(binds=(binding("C*", fields=LIST),), ahead=(app("CRM"), app("Other")), app_has={"CRM": REAL})
    plan = stage.plan()
    assert [(step.action, step.key) for step in plan.steps] == [("write", CRM)]
    assert [
        (note.subject, note.message.split(":")[0]) for note in plan.notes if note.kind == "before-first-deploy"
    ] == [("qa/CRM", "test list before its first deploy")]
    assert not [note for note in plan.notes if note.kind in ("waiting", "uncovered")]
    assert plan.apps == 0, "it is not deployed"


def test_where_the_platform_shows_no_recipients_before_a_first_deploy_the_app_waits() -> None:
    plan = Stage(binds=(binding("CRM", fields=LIST),), ahead=(app("CRM"),), unseen=frozenset({CRM})).plan()
    assert plan.steps == ()
    assert [note.subject for note in plan.notes if note.kind == "waiting"] == ["CRM"]


def test_it_is_in_sync_once_written_and_widening_it_is_a_hazard_as_any_other() -> None:
    ours = (binding("CRM", fields=LIST),)
    there = Stage(binds=ours, ahead=(app("CRM"),), app_has={"CRM": LIST}, app_known={"CRM": LIST})
    assert there.plan().steps == ()
    wide = replace(there, binds=(binding("CRM", fields=REAL),)).plan()
    assert [hazard.kind for step in wide.steps for hazard in step.held] == ["recipients-widened"]

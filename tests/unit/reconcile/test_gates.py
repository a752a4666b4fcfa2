"""Every gate over the reference platform: what it holds, what it never holds, when it opens, and what is told of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.reconcile.conftest import House

from stagemail.model import email
from stagemail.model.condition import Condition
from stagemail.model.gate import Gating, Window
from stagemail.model.policy import Policy
from stagemail.model.run import Run
from stagemail.model.standing import Decision, Readiness, Standing
from stagemail.ports import Entry
from stagemail.reconcile.gates import plan_fingerprint
from stagemail.reconcile.journal import ASK
from stagemail.reconcile.once import once, plan
from stagemail.reconcile.request import Request

FIELD, OLD, NEW = email.SENDER_ADDRESS, "no-reply@example.com", "mail@example.com"
NEVER = Window((0,), 0, 1, "UTC")
"""Monday at midnight; the house's clock begins on a Sunday."""


def request(house: House, *, automatic: bool = True, heal: Any = "all", **gating: Any) -> Request:
    policy = Policy("qa", "non-production", automated=True, automatic=automatic, self_heal=heal)
    made = replace(house.request(), policy=replace(policy, gating=Gating(**gating)))
    return replace(made, contents={"qa": f"of {house.revision}", "development": "dev"})


def go(house: House, **options: Any) -> Run:
    return once(request(house, **options), house.world())


def condition(house: House, kind: str) -> Condition:
    return next(c for c in house.record.standing("qa").conditions if c.type == kind)


def settled(house: House) -> House:
    """Applied once, and then changed in Git."""
    assert go(house).status == "done"
    house.fields[FIELD] = NEW
    house.revision = "b" * 40
    return house


def sender(house: House) -> Any:
    return house.observed(house.key).fields[FIELD].value


def test_a_stop_holds_everybody_and_everything(house: House) -> None:
    settled(house)
    house.target.set(house.apps["CRM"], email.RECIPIENTS_MODE, "set-in-app")
    for automatic in (True, False):
        run = go(house, automatic=automatic, stop="provider down")
        assert run.status == "held"
        assert "everything is stopped: provider down" in run.outcomes[0].message
    assert sender(house) == OLD
    assert condition(house, "Ready").reason == "Stopped"


@pytest.mark.parametrize("after", [1, 4, 5])
def test_a_stop_in_the_middle_of_a_run_lets_nothing_more_be_sent(house: House, after: int) -> None:
    settled(house)
    house.target.ledger.clear()

    def reason() -> str:
        return "provider down" if len(house.target.ledger) >= after else ""

    house.bindings["Portal"] = {email.TEST_LIST: ("portal@example.com",)}
    run = once(request(house), replace(house.world(), stop=reason))
    assert len(house.target.ledger) == after
    held = {outcome.message for outcome in run.outcomes if outcome.status == "held"}
    assert held == {"everything is stopped: provider down (`stop` in the operator file)"}
    assert condition(house, "Ready").reason == "Stopped"
    assert condition(house, "Stalled").status == "False"
    assert not house.record.open_intents("qa")
    assert go(house).status == "done"
    assert house.live("Portal", email.TEST_LIST) == ("portal@example.com",)
    assert {house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")} == {NEW}


@pytest.mark.parametrize("automatic", [True, False])
def test_a_suspension_in_the_middle_of_a_run_holds_what_automation_has_not_sent(house: House, automatic: bool) -> None:
    settled(house)
    house.target.ledger.clear()
    begin = house.target.begin

    def slow(*given: Any) -> Any:
        if not house.target.ledger:
            hold = Decision("d", "suspend", "qa", "ann", house.clock.now())
            house.record.append([Entry(decision=hold)], None)
        house.clock.sleep(ASK)
        return begin(*given)

    house.target.begin = slow  # type: ignore[method-assign]
    run = go(house, automatic=automatic)
    if not automatic:
        assert run.status == "done"
        return
    assert len(house.target.ledger) == 1
    assert condition(house, "Ready").reason == "Suspended"
    assert {o.message for o in run.outcomes if o.status == "held"} == {
        "suspended by ann (`stagemail resume qa` ends it)"
    }


def test_a_suspension_holds_automation_and_no_person_and_ends_by_itself(house: House) -> None:
    settled(house)
    now = house.clock.now()
    hold = Decision("d", "suspend", "qa", "ann", now, "vendor moves", now + timedelta(hours=1))
    house.record.append([Entry(decision=hold)], None)
    run = go(house)
    assert run.status == "held"
    assert run.outcomes[0].message.startswith("suspended by ann until 2026-11-22 01:")
    assert "vendor moves" in run.outcomes[0].message
    assert condition(house, "Ready").reason == "Suspended"
    house.clock.sleep(3601)
    assert go(house).status == "done"
    assert sender(house) == NEW
    house.record.append([Entry(decision=replace(hold, id="e", at=house.clock.now(), until=None))], None)
    house.fields[FIELD] = OLD
    assert go(house).status == "held"
    assert go(house, automatic=False).status == "done", "a person is not held"


def test_a_suspension_of_all_stages_counts_until_the_same_word_takes_it_back(house: House) -> None:
    settled(house)
    now = house.clock.now()
    every = Decision("a", "suspend", "", "ann", now)
    house.record.append([Entry(decision=every)], None)
    house.record.append([Entry(decision=replace(every, id="b", kind="resume", stage="qa"))], None)
    assert "`stagemail resume --all` ends it" in go(house).outcomes[0].message
    house.record.append([Entry(decision=replace(every, id="c", kind="resume", at=now + timedelta(seconds=1)))], None)
    assert go(house).status == "done"


def test_windows_hold_changes_and_healing_apart_and_never_narrowing(house: House) -> None:
    settled(house)
    assert go(house, sync_windows=(NEVER,)).status == "held"
    assert sender(house) == OLD
    assert condition(house, "Ready").reason == "OutsideWindow"
    house.clock.sleep(86400)
    assert go(house, sync_windows=(NEVER,)).status == "done"


def test_a_stage_waits_until_another_is_ready_with_these_documents_and_soaked(house: House) -> None:
    settled(house)
    wait = {"depends_on": ("development",), "soak": 3600}
    assert "development is not Ready with these documents" in go(house, **wait).outcomes[0].message
    assert condition(house, "Ready").reason == "DependencyNotReady"
    now = house.clock.now()
    old = Readiness("old", "a" * 40, now - timedelta(days=9), now)
    house.record.append([Entry(standing=Standing("development", readiness=(old,)))], None)
    assert go(house, **wait).status == "held", "it was Ready with other documents"
    house.record.append(
        [Entry(standing=Standing("development", readiness=(Readiness("dev", "b" * 40, now), old)))], None
    )
    run = go(house, **wait)
    assert "for 0s of 1h00m" in run.outcomes[0].message
    assert condition(house, "Ready").reason == "Soaking"
    assert condition(house, "Reconciling").status == "True"
    house.clock.sleep(3600)
    assert go(house, **wait).status == "done"
    assert sender(house) == NEW


def test_a_stage_that_waits_at_a_revision_does_not_follow_it_yet(house: House) -> None:
    settled(house)
    shut: tuple[dict[str, Any], ...] = (
        {"depends_on": ("development",), "soak": 3600},
        {"sync_windows": (NEVER,)},
        {"approval": "manual"},
    )
    for gates in shut:
        assert go(house, **gates).status == "held"
        standing = house.record.standing("qa")
        assert (standing.revision, standing.content) == ("a" * 40, f"of {'a' * 40}"), "an older one may still come"
        assert condition(house, "Ready").revision == "b" * 40, "it was looked at"
    house.store = type(house.store)({"SMTP_QA": "second-password"})
    assert "done" in {outcome.status for outcome in go(house, depends_on=("development",)).outcomes}
    assert house.record.standing("qa").revision == "a" * 40, "a renewed credential is of no revision"
    assert go(house).status == "done"
    assert house.record.standing("qa").revision == "b" * 40


def test_what_narrowed_at_a_revision_is_never_taken_back_by_an_older_one(house: House) -> None:
    settled(house)
    house.bindings["Portal"] = {}
    assert go(house, depends_on=("development",), soak=3600).status == "held"
    assert house.record.standing("qa").revision == "b" * 40


def test_who_takes_the_stages_in_order_waits_for_a_soak_only(house: House) -> None:
    settled(house)
    for soak, status in ((3600, "held"), (0, "done")):
        asked = replace(request(house, depends_on=("development",), soak=soak), ordered=True)
        assert once(asked, house.world()).status == status


def test_a_soak_that_ended_too_early_does_not_count_and_a_whole_one_does(house: House) -> None:
    settled(house)
    now = house.clock.now()
    for hours, status in ((0.5, "held"), (2, "done")):
        time = Readiness("dev", "b" * 40, now - timedelta(hours=hours), now)
        house.record.append([Entry(standing=Standing("development", readiness=(time,)))], None)
        assert go(house, depends_on=("development",), soak=3600).status == status


def test_a_rotation_and_a_narrowing_wait_for_no_other_stage(house: House) -> None:
    assert go(house).status == "done"
    house.store = type(house.store)({"SMTP_QA": "second-password"})
    run = go(house, depends_on=("development",))
    assert [o.status for o in run.outcomes if o.action == "write"] == ["done"]


def test_an_approval_is_for_exactly_the_plan_that_was_looked_at(house: House) -> None:
    settled(house)
    run = go(house, approval="manual")
    assert run.status == "held"
    assert "waits for `stagemail approve qa`" in run.outcomes[0].message
    assert condition(house, "Ready").reason == "WaitingForApproval"
    seen = plan(request(house, automatic=False), house.world()).plan
    now = house.clock.now()
    decided = Decision("d", "approve", "qa", "bob", now, plan=plan_fingerprint(seen), revision=house.revision)
    house.record.append([Entry(decision=decided)], None)
    house.fields[FIELD] = "third@example.com"
    assert go(house, approval="manual").status == "held", "another value is another plan"
    house.fields[FIELD] = NEW
    assert go(house, approval="manual").status == "done"
    assert sender(house) == NEW
    assert go(house, approval="manual").status == "done", "nothing is left to approve"
    house.clock.sleep(60)
    house.fields[FIELD], house.revision = OLD, "c" * 40
    seen = plan(request(house, automatic=False), house.world()).plan
    back = Decision("e", "approve", "qa", "bob", house.clock.now(), plan=plan_fingerprint(seen))
    house.record.append([Entry(decision=back)], None)
    house.clock.sleep(60)
    assert go(house, approval="manual").status == "done"
    house.clock.sleep(60)
    house.fields[FIELD], house.revision = NEW, "d" * 40
    assert go(house, approval="manual").status == "held", "the first approval was for once"


def test_a_canary_goes_first_soaks_and_then_the_rest_follows(house: House) -> None:
    settled(house)
    canary = {"canary_apps": 1, "canary_soak": 600}
    assert go(house, **canary).status == "held"
    assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == [NEW, OLD, OLD]
    assert condition(house, "Ready").reason == "CanarySoaking"
    house.clock.sleep(300)
    run = go(house, **canary)
    assert "soaks for another" in next(o.message for o in run.outcomes if o.status == "held")
    assert house.live("CRM", FIELD) == OLD
    house.clock.sleep(301)
    assert go(house, **canary).status == "done"
    assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == [NEW] * 3
    assert condition(house, "Ready").status == "True"


def test_a_canary_of_recipients_and_the_stages_settings_at_once_goes_on_when_it_has_soaked(house: House) -> None:
    house.bindings["Portal"] = {}
    settled(house)
    house.fields[email.TEST_LIST] = ("testers@example.com",)
    canary = {"canary_apps": 1, "canary_soak": 600}
    assert go(house, **canary).status == "held"
    assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == [NEW, OLD, OLD]
    lists = [house.live(app, email.TEST_LIST) for app in ("Billing", "CRM", "Portal")]
    assert lists == [("testers@example.com",), ("qa@example.com",), ("qa@example.com",)]
    assert condition(house, "Ready").reason == "CanarySoaking"
    house.clock.sleep(601)
    assert go(house, **canary).status == "done"
    assert [house.live(app, email.TEST_LIST) for app in ("CRM", "Portal")] == [("testers@example.com",)] * 2
    assert [house.live(app, FIELD) for app in ("CRM", "Portal")] == [NEW] * 2


def test_a_commit_that_changes_nothing_of_it_neither_ends_a_canary_nor_begins_another(house: House) -> None:
    settled(house)
    canary = {"canary_apps": 1, "canary_soak": 600}
    assert go(house, **canary).status == "held"
    for revision in "cd":
        house.clock.sleep(200)
        house.revision = revision * 40
        assert go(house, **canary).status == "held"
        assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == [NEW, OLD, OLD]
    house.clock.sleep(201)
    assert go(house, **canary).status == "done", "and its soak has gone on"
    assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == [NEW] * 3
    house.fields[FIELD], house.revision = OLD, "e" * 40
    assert go(house, **canary).status == "held"
    assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == [OLD, NEW, NEW], "one for what is new"


def test_a_commit_that_changes_what_soaks_begins_the_soak_anew(house: House) -> None:
    settled(house)
    canary = {"canary_apps": 1, "canary_soak": 600}
    assert go(house, **canary).status == "held"
    house.clock.sleep(300)
    house.fields[FIELD], house.revision = "third@example.com", "c" * 40
    assert go(house, **canary).status == "held"
    assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == ["third@example.com", OLD, OLD]
    house.clock.sleep(400)
    assert go(house, **canary).status == "held"
    house.clock.sleep(201)
    assert go(house, **canary).status == "done"


def test_no_other_app_takes_the_place_of_a_canary_that_fails(house: House) -> None:
    house.bindings["Portal"] = {}
    settled(house)
    canary = {"canary_apps": 2, "canary_soak": 600}
    for failures in (("", "it does not start"), ("it does not start",), ("it does not start",)):
        house.target.failures.extend(failures)
        go(house, **canary)
        assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == [NEW, OLD, OLD]
        house.clock.sleep(900)
    go(house, **canary)
    assert [house.live(app, FIELD) for app in ("Billing", "CRM", "Portal")] == [NEW, NEW, OLD], "soaks from now on"
    house.clock.sleep(601)
    assert go(house, **canary).status == "done"
    assert house.live("Portal", FIELD) == NEW


def test_a_canary_that_is_undeployed_proves_nothing_for_the_others(house: House) -> None:
    house.bindings["Portal"] = {}
    settled(house)
    canary = {"canary_apps": 1, "canary_soak": 600}
    assert go(house, **canary).status == "held"
    assert house.live("Billing", FIELD) == NEW
    house.target.remove_app(house.apps["Billing"])
    house.clock.sleep(601)
    assert go(house, **canary).status == "held"
    assert [house.live(app, FIELD) for app in ("CRM", "Portal")] == [NEW, OLD], "another one goes first"


def test_a_clock_that_was_set_back_by_a_year_makes_no_gate_wait_for_a_year(house: House) -> None:
    settled(house)
    now = house.clock.now()
    ahead = Readiness("dev", "b" * 40, now + timedelta(days=365))
    house.record.append([Entry(standing=Standing("development", readiness=(ahead,)))], None)
    assert go(house, depends_on=("development",)).status == "done", "it is Ready, and there is no soak"
    house.fields[FIELD], house.revision = OLD, "c" * 40
    canary = {"canary_apps": 1, "canary_soak": 600}
    house.clock.sleep(365 * 86400)
    assert go(house, **canary).status == "held"
    house.clock.sleep(-365 * 86400)
    assert go(house, **canary).status == "held"
    house.clock.sleep(601)
    assert go(house, **canary).status == "done", "the canary's soak began anew when the clock was set back"


def test_readiness_since_the_future_begins_now(house: House) -> None:
    assert go(house).status == "done"
    house.clock.sleep(-86400)
    house.fields[FIELD], house.revision = NEW, "b" * 40
    go(house)
    house.clock.sleep(-86400)
    house.revision = "c" * 40
    go(house)
    (first, *_) = house.record.standing("qa").readiness
    assert first.since <= house.clock.now()


def test_a_look_that_finds_all_as_it_was_leaves_nothing_in_the_record(house: House) -> None:
    go(house)
    go(house)
    before = house.record.runs("qa", 9)
    kept: list[Entry] = []
    append: Callable[..., None] = house.record.append
    house.record.append = lambda entries, lease: (kept.extend(entries), append(kept, lease))[1]  # type: ignore[method-assign]
    for _ in range(3):
        house.clock.sleep(600)
        assert go(house).status == "done"
    assert kept == []
    assert house.record.runs("qa", 9) == before


def test_conditions_say_since_when_and_at_which_revision(house: House) -> None:
    go(house)
    first = condition(house, "Ready")
    assert (first.status, first.reason, first.revision) == ("True", "InSync", "a" * 40)
    house.clock.sleep(600)
    go(house)
    assert condition(house, "Ready").since == first.since
    times = house.record.standing("qa").readiness
    assert [(time.content, time.until) for time in times] == [(f"of {'a' * 40}", None)]
    house.fields[FIELD] = NEW
    house.revision = "b" * 40
    go(house)
    times = house.record.standing("qa").readiness
    assert [time.revision[0] for time in times] == ["b", "a"]
    assert times[1].until == times[0].since == house.clock.now()


@pytest.mark.parametrize(("name", "expected"), [("heal_windows", "held"), ("sync_windows", "done")])
def test_healing_has_windows_of_its_own_and_narrowing_waits_for_none(house: House, name: str, expected: str) -> None:
    assert go(house).status == "done"
    house.target.set(house.key, FIELD, "somebody@example.com")
    house.target.set(house.apps["CRM"], email.RECIPIENTS_MODE, "set-in-app")
    assert go(house, **{name: (NEVER,)}).status == expected
    assert house.live("CRM", email.RECIPIENTS_MODE) == "test-list"
    assert (sender(house) == OLD) is (expected == "done")

"""One reconcile pass over the reference platform: what is written, in which order, and what a crash leaves."""

from dataclasses import replace

import pytest

from stagemail.errors import Busy, InvalidInput, LeaseLost, OutcomeUnknown, StalePlan, UserMustFix
from stagemail.model import email
from stagemail.model.gate import Gating, Window
from stagemail.model.inventory import App
from stagemail.model.revision import Loaded, Revision
from stagemail.model.run import Outcome
from stagemail.ports import Entry
from stagemail.reconcile.lasting import drift_ages
from stagemail.reconcile.once import once, plan
from stagemail.reconcile.request import Request


def statuses(run):
    return {(o.label, o.action): o.status for o in run.outcomes}


@pytest.mark.parametrize("stage_writes", ["live", "pending"])
def test_first_apply_makes_every_app_live_and_the_next_plan_is_empty(make_house, stage_writes) -> None:
    house = make_house(stage_writes=stage_writes)
    run = once(house.request(), house.world())
    assert run.status == "done", run.outcomes
    assert house.live("CRM", email.HOST) == "smtp.example.com"
    assert house.live("Portal", email.PORT) == 587
    assert house.live("CRM", email.RECIPIENTS_MODE) == "test-list"
    assert (run.live, run.apps, run.not_live) == (3, 3, ())
    again = plan(house.request(), house.world()).plan
    assert (again.steps, again.adopt) == ((), ())
    taken = len(house.target.ledger)
    assert once(house.request(), house.world()).outcomes == ()
    assert len(house.target.ledger) == taken


def test_recipients_are_narrowed_and_live_before_the_stage_is_written(house) -> None:
    once(house.request(), house.world())
    order = [(key.kind, action) for key, action, _ in house.target.ledger]
    stage = order.index(("configuration", "write"))
    assert order[:stage] == [("binding", "write")] * 2 + [("binding", "activate")] * 2


def test_stage_and_each_app_cost_one_write(house) -> None:
    once(house.request(), house.world())
    writes = [key for key, action, _ in house.target.ledger if action == "write"]
    assert len(writes) == len(set(writes)) == 3


def test_the_secret_reaches_the_platform_and_a_rotation_sends_the_whole_authentication(house) -> None:
    once(house.request(), house.world())
    assert house.target.holds(house.apps["CRM"], email.PASSWORD, "first-password")
    house.store.put("SMTP_QA", "second-password")
    house.target.ledger.clear()
    run = once(house.request(), house.world())
    assert run.status == "done", run.outcomes
    assert house.target.holds(house.apps["CRM"], email.PASSWORD, "second-password")
    sent = next(fields for _, action, fields in house.target.ledger if action == "write")
    assert sent == (email.AUTH_TYPE, email.USERNAME, email.PASSWORD)


def test_a_lost_answer_is_settled_by_reading_and_nothing_is_sent_twice(house) -> None:
    once(house.request(), house.world())
    house.fields[email.PORT] = 25
    house.target.ledger.clear()
    house.target.faults.append("lost-after")
    run = once(house.request(), house.world())
    assert run.status == "done", run.outcomes
    assert [action for _, action, _ in house.target.ledger].count("write") == 1


def test_a_lost_answer_of_a_write_that_was_never_taken_is_reported_and_the_next_run_does_it(house) -> None:
    once(house.request(), house.world())
    house.fields[email.PORT] = 25
    house.target.faults.append("lost-before")
    run = once(house.request(), house.world())
    assert statuses(run)["qa", "write"] == "unknown"
    assert run.outcomes[0].retry
    assert once(house.request(), house.world()).status == "done"
    assert house.live("CRM", email.PORT) == 25


def test_a_secret_whose_answer_was_lost_is_sent_exactly_once_more(house) -> None:
    once(house.request(), house.world())
    house.store.put("SMTP_QA", "second-password")
    house.target.ledger.clear()
    house.target.faults.append("lost-after")
    run = once(house.request(), house.world())
    assert run.status == "done", run.outcomes
    assert [action for _, action, _ in house.target.ledger].count("write") == 2


def test_a_value_that_the_platform_did_not_take_fails_and_says_what_it_shows(house) -> None:
    once(house.request(), house.world())
    house.fields[email.PORT] = 25
    house.target.faults.append("ignored")
    run = once(house.request(), house.world())
    outcome = next(o for o in run.outcomes if o.label == "qa" and o.action == "write")
    assert outcome.status == "failed"
    assert "server.port not accepted: the platform still shows 587" in outcome.message
    assert run.status == "failed"


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, 10))
def test_a_kill_around_any_step_is_finished_by_the_next_run_and_nothing_is_sent_twice(
    make_house, monkeypatch, nth, when
) -> None:
    house = make_house()
    house.fields[email.AUTH_TYPE] = "none"
    del house.fields[email.USERNAME], house.fields[email.PASSWORD]
    calls = iter(range(1, 100))
    real = house.target.begin

    def begin(step, secrets):  # a mock because the process that is killed is this one
        number = next(calls)
        if number == nth and when == "before":
            raise Killed
        operation = real(step, secrets)
        if number == nth:
            raise Killed
        return operation

    house.target.begin = begin
    try:
        once(house.request(), house.world())
    except Killed:
        house.clock.elapsed += 3600
    house.target.begin = real
    run = once(house.request(), house.world("another"))
    assert run.status == "done", run.outcomes
    for app in house.apps:
        assert house.live(app, email.HOST) == "smtp.example.com"
    taken = [(key, action) for key, action, _ in house.target.ledger if action == "write"]
    assert len(taken) == len(set(taken))
    assert house.record.open_intents("qa") == ()
    assert plan(house.request(), house.world()).plan.steps == ()


def test_what_became_of_every_activation_of_a_killed_run_is_told_under_its_apps_name(house, monkeypatch) -> None:
    begun = []
    real, append = house.target.begin, house.record.append

    def begin(step, secrets):  # a mock because the process that is killed is this one
        operation = real(step, secrets)
        begun.append(step)
        if [one.action for one in begun].count("activate") == 2:
            monkeypatch.setattr(house.record, "append", lambda entries, lease: None)  # killed: it records no end
            raise Killed
        return operation

    house.target.begin = begin
    with pytest.raises(Killed):
        once(house.request(), house.world())
    house.target.begin, house.record.append = real, append
    house.clock.elapsed += 3600
    once(house.request(), house.world("another"))
    killed = house.record.runs("qa", 5)[-1]
    told = {outcome.label: outcome for outcome in killed.outcomes if outcome.action == "activate"}
    assert sorted(told) == sorted(step.label for step in begun if step.action == "activate")
    assert {outcome.step for outcome in told.values()} <= {step.id for step in begun}
    assert all("interrupted" in outcome.message for outcome in told.values())


def test_an_earlier_activation_is_not_taken_for_one_that_was_never_sent(house, monkeypatch) -> None:
    once(house.request(), house.world())
    house.fields[email.PORT] = 25
    real, poll = house.target.begin, house.target.poll

    def begin(step, secrets):  # a mock because the process that is killed is this one
        if step.action == "activate":
            raise Killed
        return real(step, secrets)

    def earlier(operations):  # as where the platform's clock may be so far behind that one of before could be ours
        return {o: poll([o])[o] if o.id else Outcome("", o.key, "", "activate", "done") for o in operations}

    house.target.begin = begin
    with pytest.raises(Killed):
        once(house.request(), house.world())
    house.target.begin, house.target.poll = real, earlier
    house.clock.elapsed += 3600
    assert once(house.request(), house.world("another")).status == "done"
    killed = house.record.runs("qa", 5)[1]
    told = {o.message for o in killed.outcomes if o.action == "activate" and o.status == "unknown"}
    assert told == {"interrupted; it was never received: what it was to make live is pending"}
    assert not [o for o in killed.outcomes if o.action == "activate" and o.status == "done"]


def test_foreign_pending_that_appears_after_the_plan_is_never_made_live(house) -> None:
    once(house.request(), house.world())
    house.fields[email.PORT] = 25
    real = house.target.begin

    def begin(step, secrets):  # somebody is faster than we are, exactly between plan and activation
        operation = real(step, secrets)
        house.target.leave_pending(house.apps["CRM"], "TaxRate")
        return operation

    house.target.begin = begin
    run = once(house.request(), house.world())
    held = next(o for o in run.outcomes if o.label == "CRM" and o.action == "activate")
    assert held.status == "held"
    assert "TaxRate" in held.message
    assert house.live("CRM", email.PORT) == 587
    assert "CRM" in run.not_live


def test_a_missing_secret_blocks_its_own_unit_and_recipients_are_still_narrowed(house) -> None:
    house.store.deny("SMTP_QA")
    run = once(house.request(), house.world())
    assert run.status == "partial"
    assert house.live("CRM", email.RECIPIENTS_MODE) == "test-list"
    blocked = next(o for o in run.outcomes if o.label == "qa" and o.status == "failed")
    assert "may not be read" in blocked.message
    assert house.live("CRM", email.HOST) is None


def test_settings_that_let_mail_out_wait_until_every_test_list_is_live(house) -> None:
    house.target.failures.append("compilation failed")
    run = once(house.request(), house.world())
    skipped = next(o for o in run.outcomes if o.label == "qa")
    assert skipped.status == "skipped"
    assert "Billing" in skipped.message
    assert house.live("CRM", email.HOST) is None


def test_a_removed_binding_is_forgotten_and_its_values_stay(house) -> None:
    once(house.request(), house.world())
    house.bindings = {"CRM": {}}
    house.target.ledger.clear()
    run = once(house.request(), house.world())
    assert statuses(run)["Billing", "unmanage"] == "done"
    assert house.target.ledger == []
    assert house.live("Billing", email.RECIPIENTS_MODE) == "test-list"
    assert plan(house.request(), house.world()).plan.steps == ()


def test_a_widening_is_held_until_a_waiver_names_it(house, waive) -> None:
    once(house.request(), house.world())
    house.bindings["CRM"] = {email.RECIPIENTS_MODE: "set-in-app"}
    run = once(house.request(), house.world())
    assert run.status == "held"
    assert house.live("CRM", email.RECIPIENTS_MODE) == "test-list"
    house.waivers = (waive("recipients-widened", "set-in-app", "CRM"),)
    assert once(house.request(), house.world()).status == "done"
    assert house.live("CRM", email.RECIPIENTS_MODE) == "set-in-app"
    assert house.live("Billing", email.RECIPIENTS_MODE) == "test-list"


def test_automatic_heals_only_drift_that_widens_and_reports_the_rest(make_house) -> None:
    house = make_house(automatic=True)
    once(house.request(), house.world())
    house.target.set(house.apps["CRM"], email.RECIPIENTS_MODE, "set-in-app")
    house.target.set(house.key, email.PORT, 2525)
    run = once(house.request(), house.world())
    assert house.live("CRM", email.RECIPIENTS_MODE) == "test-list"
    assert statuses(run)["qa", "write"] == "reported"
    assert house.live("Billing", email.PORT) == 2525


def test_drift_that_is_left_alone_fails_no_change_beside_it(make_house) -> None:
    house = make_house(automatic=True)
    once(house.request(), house.world())
    house.target.set(house.key, email.PORT, 2525)
    house.fields[email.SENDER_ADDRESS] = "mail@example.com"
    house.revision = "b" * 40
    run = once(house.request(), house.world())
    assert house.live("CRM", email.SENDER_ADDRESS) == "mail@example.com"
    assert house.live("CRM", email.PORT) == 2525
    assert {o.status for o in run.outcomes if o.action == "activate"} == {"done"}, [o.message for o in run.outcomes]
    assert run.live == 0, "what Git wants is live in no app"


def test_a_saved_plan_is_refused_once_the_platform_moved(house) -> None:
    saved = plan(house.request(), house.world()).plan
    house.target.set(house.key, email.PORT, 2525)
    with pytest.raises(StalePlan, match="has changed since"):
        once(house.request(), house.world(), expected=saved)
    house.revision = "b" * 40
    with pytest.raises(StalePlan, match="Git is at bbbb"):
        once(house.request(), house.world(), expected=saved)
    assert house.target.ledger == []


def test_a_saved_plan_is_applied_while_nothing_moved(house) -> None:
    saved = plan(house.request(), house.world()).plan
    assert once(house.request(), house.world(), expected=saved).status == "done"


def test_a_second_run_is_told_who_holds_the_organization(house) -> None:
    house.record.acquire("organization", "ci job 7", house.clock.now(), 90)
    with pytest.raises(Busy, match="ci job 7"):
        once(house.request(), house.world())


def test_a_run_that_was_taken_over_writes_nothing_more(house) -> None:
    real = house.target.begin

    def begin(step, secrets):  # we were asleep past our lease, and another run took the organization
        operation = real(step, secrets)
        house.clock.elapsed += 1000
        house.record.acquire("organization", "another", house.clock.now(), 90)
        house.target.begin = real
        return operation

    house.target.begin = begin
    with pytest.raises(LeaseLost):
        once(house.request(), house.world())
    assert len(house.target.ledger) == 1


def test_a_blocked_stage_writes_nothing(house) -> None:
    request = house.request()
    loaded = Loaded(Revision("a" * 40), request.loaded.stages, blocked={"qa": "2 files are broken"})
    with pytest.raises(InvalidInput, match="2 files are broken"):
        once(Request("qa", loaded, request.policy), house.world())
    assert house.target.ledger == []


def test_a_purpose_weaker_than_the_platforms_is_refused(house) -> None:
    house.target.rename("qa", house.target.inventory("qa").stage.__class__("env-qa", "QA", "production"))
    with pytest.raises(UserMustFix, match="purpose is non-production"):
        once(house.request(), house.world())


def test_an_environment_that_now_has_another_name_stops_everything(house) -> None:
    once(house.request(), house.world())
    house.target.rename("qa", house.target.inventory("qa").stage.__class__("env-qa", "Sandbox", "non-production"))
    house.fields[email.PORT] = 25
    house.target.ledger.clear()
    run = once(house.request(), house.world())
    assert run.status == "held"
    assert house.target.ledger == []


def test_an_app_deployed_later_gets_its_list(house) -> None:
    house.bindings["Shop"] = {}
    once(house.request(), house.world())
    house.apps["Shop"] = house.target.add_app("qa", App("Shop", "app-shop", "WebApplication", 1))
    assert once(house.request(), house.world()).status == "done"
    assert house.live("Shop", email.RECIPIENTS_MODE) == "test-list"


def test_an_unknown_outcome_of_an_activation_is_found_by_the_next_run(house) -> None:
    house.target.faults.extend([OutcomeUnknown("cut"), OutcomeUnknown("cut")])
    once(house.request(), house.world())
    assert once(house.request(), house.world()).status == "done"
    assert house.live("CRM", email.HOST) == "smtp.example.com"


def test_secrets_push_sends_a_secret_that_was_only_found_there_and_nothing_else(house) -> None:
    once(house.request(), house.world())
    house.record.append([Entry(forgotten=house.key)], None)
    assert once(house.request(), house.world()).outcomes == ()
    adopted = {r.key: r for r in house.record.applied("qa").resources}[house.key]
    assert not adopted.fields[email.PASSWORD].verified
    house.fields[email.SENDER_ADDRESS] = "other@example.com"
    house.target.ledger.clear()
    run = once(replace(house.request(), push=True), house.world())
    assert run.status == "done", run.outcomes
    assert house.target.ledger[0][2] == (email.AUTH_TYPE, email.USERNAME, email.PASSWORD)
    assert [action for _, action, _ in house.target.ledger].count("write") == 1
    adopted = {r.key: r for r in house.record.applied("qa").resources}[house.key]
    assert adopted.fields[email.PASSWORD].verified


def test_automatic_heals_drift_only_once_it_has_lasted(make_house) -> None:
    house = make_house(automatic=True)
    once(house.request(), house.world())
    house.target.set(house.apps["CRM"], email.RECIPIENTS_MODE, "set-in-app")

    def later(seconds: float):
        house.clock.elapsed += seconds
        request = house.request()
        return once(replace(request, policy=replace(request.policy, heal_after=600)), house.world())

    assert statuses(later(0))["CRM", "write"] == "reported"
    assert statuses(later(300))["CRM", "write"] == "reported"
    assert house.live("CRM", email.RECIPIENTS_MODE) == "set-in-app"
    assert statuses(later(301))["CRM", "write"] == "done"
    assert house.live("CRM", email.RECIPIENTS_MODE) == "test-list"


def test_drift_has_lasted_also_while_no_window_for_healing_was_open(make_house) -> None:
    house = make_house(automatic=True)
    once(house.request(), house.world())
    house.target.set(house.key, email.SENDER_ADDRESS, "somebody@example.com")
    never = Window((), 0, 1, "UTC")

    def later(seconds: float, *windows: Window):
        house.clock.elapsed += seconds
        request = house.request()
        policy = replace(request.policy, heal_after=600, self_heal="all", gating=Gating(heal_windows=windows))
        return once(replace(request, policy=policy), house.world())

    assert statuses(later(0, never))["qa", "write"] == "held"
    assert statuses(later(601))["qa", "write"] == "done"


def test_a_change_of_git_that_waits_is_no_drift_that_lasts(make_house) -> None:
    house = make_house(automatic=True)
    once(house.request(), house.world())
    house.fields[email.SENDER_ADDRESS] = "other@example.com"
    request = house.request()
    left = once(replace(request, policy=replace(request.policy, automated=False)), house.world())
    gating = Gating(sync_windows=(Window((), 0, 1, "UTC"),))
    shut = once(replace(request, policy=replace(request.policy, gating=gating)), house.world())
    assert [statuses(run)["qa", "write"] for run in (left, shut)] == ["reported", "held"]
    assert drift_ages([left], house.clock.now()) == drift_ages([shut], house.clock.now()) == {}
    house.target.set(house.apps["CRM"], email.RECIPIENTS_MODE, "set-in-app")
    left = once(replace(request, policy=replace(request.policy, automated=False)), house.world())
    assert [step.split("/")[1] for step in drift_ages([left], house.clock.now())] == ["binding"]


def test_a_run_that_was_killed_is_called_interrupted_by_the_next(house) -> None:
    def begin(step, secrets):
        raise Killed

    real, house.target.begin = house.target.begin, begin
    finished = house.record.append

    def append(entries, lease):  # a killed process records nothing on its way out
        listed = list(entries)
        if not any(entry.run and entry.run.status == "interrupted" for entry in listed):
            finished(listed, lease)

    house.record.append = append
    with pytest.raises(Killed):
        once(house.request(), house.world())
    house.record.append, house.target.begin = finished, real
    assert house.record.runs("qa", 1)[0].status == "running"
    house.clock.elapsed += 3600
    once(house.request(), house.world())
    assert [run.status for run in house.record.runs("qa", 5)] == ["done", "interrupted"]


def test_a_widening_that_appears_pending_after_the_plan_is_never_made_live(house) -> None:
    once(house.request(), house.world())
    house.fields[email.PORT] = 25
    real = house.target.begin

    def begin(step, secrets):  # somebody switches the list off between our plan and our activation
        operation = real(step, secrets)
        house.target.set(house.apps["CRM"], email.RECIPIENTS_MODE, "set-in-app", pending=True)
        return operation

    house.target.begin = begin
    run = once(house.request(), house.world())
    held = next(o for o in run.outcomes if o.label == "CRM" and o.action == "activate")
    assert held.status == "held"
    assert house.live("CRM", email.RECIPIENTS_MODE) == "test-list"


def test_a_long_read_keeps_the_lease(house) -> None:
    """A thousand apps take longer to read than a lease lasts."""
    for number in range(100):
        name = f"App{number:03}"
        house.apps[name] = house.target.add_app("qa", App(name, f"app-{number:03}", "WebApplication", 1))
        house.bindings[name] = {}
    real = house.target.observe

    def observe(stage, keys):
        house.clock.elapsed += len(keys)
        with pytest.raises(Busy):
            house.record.acquire("organization", "another", house.clock.now(), 90)
        return real(stage, keys)

    house.target.observe = observe
    assert once(house.request(), house.world()).status == "done"


@pytest.mark.parametrize(("name", "value"), [(email.HOST, "mail.example.com"), (email.PORT, 2587)])
def test_a_waiver_does_not_let_a_kept_secret_go_where_no_grant_lets_it(house, waive, name, value) -> None:
    once(house.request(), house.world())
    house.target.ledger.clear()
    house.fields[name] = value
    house.waivers = (waive("host-changed-credential-kept", "mail.example.com"),)
    run = once(house.request(), house.world())
    assert run.status == "failed"
    assert "may not send the secret vault:SMTP_QA" in run.outcomes[0].message
    assert house.target.ledger == []

"""Each exit code, by the situation that people meet it in."""

from tests.acceptance.bench import Bench

WIDEN = "mode: test-list\n    testList:\n      - {name: CRM testers, address: crm-test@example.com}"


def test_done_is_0_and_changes_to_make_are_3_where_asked_for(applied: Bench) -> None:
    applied.run("plan", "qa", "--detailed-exitcode", expect=0)
    applied.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    applied.run("plan", "qa", expect=0).shows("587 → 2587")
    applied.run("plan", "qa", "--detailed-exitcode", expect=3)
    applied.run("status", "qa", expect=3).shows("Not ready")
    applied.run("apply", "qa", expect=0)


def test_usage_is_2(bench: Bench) -> None:
    bench.run("plna", expect=2).shows("Did you mean plan?")
    bench.run("plan", "--frmat", "json", expect=2)
    bench.run("apply", "qa", "plan.json", expect=2).shows("a saved plan is applied by itself")


def test_a_stage_that_is_not_there_is_1_with_the_known_ones(bench: Bench) -> None:
    bench.run("plan", "qq", expect=1).shows("qq", "known stages: development, production, qa")


def test_nothing_finished_is_1(bench: Bench) -> None:
    bench.platform.portal("change-client", client="stagemail-ci", state="suspended")
    bench.run("apply", expect=1).shows("stagemail-ci", "suspended")
    assert bench.ledger() == []


def test_held_is_4_and_a_waiver_lets_it_through(applied: Bench) -> None:
    applied.change("environments/qa/apps.yaml", WIDEN, "mode: set-in-app")
    before = applied.mark()
    applied.run("plan", "qa", expect=4).shows("test list → real users", "allow: recipients-widened")
    applied.run("apply", "qa", expect=4).shows("held")
    assert applied.ledger(before) == []
    waiver = (
        "apiVersion: stagemail/v1\nkind: Waiver\nmetadata: {name: pilot}\n"
        "spec: {allow: recipients-widened, apps: [CRM], to: set-in-app, reason: CHG-1 pilot}\n"
    )
    applied.write("environments/qa/waivers.yaml", waiver)
    applied.run("apply", "qa", expect=0)
    assert applied.platform.live("QA", "CRM")["testListActive"] == "False"
    applied.run("plan", "qa", "--detailed-exitcode", expect=0)


def test_some_finished_and_some_failed_is_5(bench: Bench) -> None:
    bench.unset("STAGEMAIL_SMTP_QA")
    bench.run("apply", "development", "qa", expect=5).shows("STAGEMAIL_SMTP_QA")


def test_failed_beats_held(applied: Bench) -> None:
    applied.change("environments/qa/apps.yaml", WIDEN, "mode: set-in-app")
    applied.change("environments/production/email.yaml", "port: 587", "port: true")
    applied.run("plan", "qa", "production", expect=5).shows("environments/production/email.yaml")

"""What others do on the platform: drift, what they left pending, deploys in between, stages and entries renamed."""

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import MakeBench

HEAL = "sync: {automated: true, selfHeal: recipients}"


def disturb(bench: Bench) -> None:
    """Another port, and CRM's mail to real people."""
    bench.platform.set("QA", "port", "26")
    bench.platform.set("QA", "testListActive", "false", app="CRM")


@pytest.mark.parametrize(
    ("policy", "port", "active"), [("none", "26", "False"), ("recipients", "26", "True"), ("all", "587", "True")]
)
def test_automatic_heals_what_self_heal_says(applied: Bench, policy: str, port: str, active: str) -> None:
    applied.change("stagemail.yaml", HEAL, HEAL.replace("recipients", policy))
    disturb(applied)
    applied.run("drift", "qa", expect=3).shows("server.port", "recipients.mode", "mail reaches real users now")
    applied.run("apply", "qa", "--automatic", expect=None)
    live = applied.platform.live("QA", "CRM")
    assert (live["port"], live["testListActive"]) == (port, active)
    applied.run("apply", "qa")
    live = applied.platform.live("QA", "CRM")
    assert (live["port"], live["testListActive"]) == ("587", "True")
    applied.run("drift", "qa").shows("no drift")


def test_automatic_leaves_a_stage_that_is_not_automated_to_a_person(applied: Bench) -> None:
    applied.change("stagemail.yaml", HEAL, "sync: {automated: false, selfHeal: all}")
    applied.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    before = applied.mark()
    applied.run("apply", "qa", "--automatic", expect=None).shows("left alone", "automated")
    assert applied.ledger(before) == []


def test_only_the_named_app_is_touched(applied: Bench) -> None:
    applied.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    for app in ("CRM", "Billing"):
        applied.platform.set("QA", "testListActive", "false", app=app)
    before = applied.mark()
    applied.run("plan", "qa", "--app", "CRM").shows("CRM").hides("Billing recipients", "2587")
    applied.run("apply", "qa", "--app", "CRM").shows("CRM")
    assert applied.writes(before) == {("PATCH", "QA/CRM"): 1, ("POST", "QA/CRM"): 1}
    applied.run("apply", "qa", "--app", "Nope", expect=1).shows("Nope", "stagemail plan")


def test_what_somebody_left_pending_is_held_and_named(applied: Bench) -> None:
    applied.platform.set("QA", "sessionTimeout", "5", app="CRM", pending=True)
    applied.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    before = applied.mark()
    applied.run("plan", "qa", expect=4).shows("CRM", "foreign-pending")
    applied.run("apply", "qa", expect=4).shows("CRM", "held")
    assert ("POST", "QA/CRM") not in applied.writes(before)
    assert applied.platform.pending("QA", "CRM") != []
    assert applied.platform.live("QA", "CRM")["port"] == "587"
    assert applied.platform.live("QA", "Billing")["port"] == "2587"
    applied.run("status", "qa", expect=4).shows("CRM")
    applied.platform.deploy("QA", "CRM")
    applied.run("apply", "qa").shows("live on 5 of 5 apps")
    assert applied.platform.live("QA", "CRM")["port"] == "2587"


def test_a_deploy_between_write_and_activation_leaves_nothing_to_activate(applied: Bench) -> None:
    applied.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    # Each look at an app waits before it is answered, so between the PATCH and the first activation there is time.
    applied.platform.fault("delay", method="GET", path="/applications/", seconds=3, times=0)
    process = applied.start("apply", "qa")
    applied.until(lambda: any(row["values"] for row in applied.platform.ledger()[-1:]), "the PATCH")
    for app in ("CRM", "Billing", "Portal", "PortalAdmin", "FieldApp"):
        applied.platform.deploy("QA", app)
    applied.platform.clear_faults()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, (out, err)
    assert applied.platform.live("QA", "CRM")["port"] == "2587"
    applied.run("plan", "qa", "--detailed-exitcode")


def test_an_app_that_nobody_bound_is_named_and_one_that_went_is_waiting(applied: Bench) -> None:
    applied.platform.deploy("QA", "Shop")
    applied.run("plan", "qa", expect=None).shows("Shop: bound by nobody")
    applied.platform.undeploy("QA", "CRM")
    applied.run("plan", "qa", expect=None).shows("CRM", "not deployed")
    applied.run("apply", "qa", expect=None).hides("failed")


def test_a_renamed_stage_stops_everything(applied: Bench) -> None:
    applied.platform.portal("rename-stage", stage="QA", name="Acceptance")
    before = applied.mark()
    applied.run("apply", "qa", expect=1).shows("QA", "Acceptance")
    applied.run("plan", "qa", expect=1).shows("Acceptance")
    assert applied.ledger(before) == []


WAIVER = """apiVersion: stagemail/v1
kind: Waiver
metadata: {{name: swapped}}
spec: {{allow: identity-changed, to: {to}, reason: CHG-1 the environments were exchanged on purpose}}
"""


def test_stages_that_swapped_their_names_are_held_or_refused(bench: Bench) -> None:
    bench.run("apply")
    bench.platform.portal("swap-names", stage="QA", other="Production")
    bench.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    before = bench.mark()
    bench.run("plan", "qa", "production", expect=None).shows("environment")
    bench.run("apply", "qa", "production", expect=1).shows("which our record knows as")
    bench.run("target", "discover", "--write")
    bench.commit("Believe the platform")
    bench.run("apply", "qa", "production", expect=1).shows("which our record knows as", "identity-changed")
    key = bench.platform.portal("change-stage", stage="Production")["key"]
    bench.write("environments/production/waivers.yaml", WAIVER.format(to=key))
    bench.run("plan", "qa", "production", expect=5).shows("which our record knows as stage production")
    assert bench.ledger(before) == []


def test_a_stage_whose_key_belongs_to_another_name_is_held(applied: Bench) -> None:
    key = applied.platform.portal("change-stage", stage="QA")["key"]
    applied.change("stagemail.yaml", "environment: QA", f"environment: {key}")
    applied.platform.portal("rename-stage", stage="QA", name="Production 2")
    applied.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    before = applied.mark()
    applied.run("apply", "qa", expect=4).shows("Production 2")
    assert applied.ledger(before) == []


@pytest.mark.parametrize("change", [{"remove": True}, {"name": "Something else"}, {"data_type": "Boolean"}])
def test_an_entry_that_changed_blocks_its_stage_only(bench: Bench, change: dict[str, object]) -> None:
    bench.platform.portal("change-entry", stage="QA", field="port", **change)
    said = bench.run("apply", expect=5)
    said.shows("server.port", "target discover", "development: read back equal", "production: read back equal")
    assert {row["stage"] for row in bench.ledger()} == {"Development", "Production"}
    bench.run("doctor", expect=1).shows("server.port")


def test_an_app_entry_that_went_blocks_its_stage_only(bench: Bench) -> None:
    bench.platform.portal("change-entry", stage="QA", field="testList", remove=True)
    said = bench.run("apply", expect=5)
    said.shows("recipients.testList", "production: read back equal")
    assert "QA" not in {row["stage"] for row in bench.ledger()}


def test_a_lost_listing_page_is_no_undeploy(applied: Bench) -> None:
    applied.platform.fault("partial-page", path="deployed-assets", times=0)
    before = applied.mark()
    applied.run("apply", "qa", expect=1).shows("3 of 7 items came", "nothing was concluded")
    applied.run("plan", "qa", expect=1)
    assert applied.ledger(before) == []


def test_a_listing_that_is_not_whole_is_named(applied: Bench) -> None:
    applied.platform.fault("partial-page", path="v2/portfolios", times=0)
    applied.run("plan", "qa", expect=1).shows("portfolios: 0 of 1 items came")


@pytest.mark.parametrize("profile", ["guid-live", "guid-per-stage"])
def test_a_hand_edit_is_seen_under_other_profiles(make_bench: MakeBench, profile: str) -> None:
    bench = make_bench(profile)
    bench.run("apply", "qa")
    bench.platform.set("QA", "host", "evil.example.com")
    bench.run("drift", "qa", expect=3).shows("server.host", "evil.example.com")
    bench.run("apply", "qa").shows("qa: read back equal")
    assert bench.platform.live("QA", "CRM")["host"] == "smtp.example.com"

"""Drift: both sides by name, from the plan and from nothing else."""

import json
from dataclasses import replace

from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import EMPTY_PLAN, NARROW, NARROW_LIVE, PLAN, SETTINGS, SETTINGS_LIVE, STAGE, app

from stagemail.errors import Unreachable
from stagemail.model.plan import Note
from stagemail.model.secret import Masked, SecretState
from stagemail.model.step import Change, Hazard, Step
from stagemail.report.drift import drift_json, drift_of, drift_text, has_drift, pending_of

OVERWRITTEN = Step(
    "write",
    STAGE,
    "qa",
    "connection",
    2,
    (Change("authentication.password", Masked(present=True), SecretState("env:SMTP_QA", "8", "bb"), "overwritten"),),
    reported=True,
)
FOREIGN = Hazard("foreign-pending", "server.host", "CRM: would also make live what somebody else left pending")
DRIFTED = replace(
    PLAN,
    steps=(NARROW, NARROW_LIVE, OVERWRITTEN, replace(SETTINGS_LIVE[1], hazards=(FOREIGN,), held=(FOREIGN,))),
    notes=(Note("pending", "Portal", "sender.name waits for a deploy"),),
)
SINCE = {f"{app('Billing')} recipients.mode": "2026-11-22T20:58:00Z"}


def test_drift_reads_as_in_the_golden_file() -> None:
    assert_golden("drift.txt", drift_text([DRIFTED, EMPTY_PLAN], SINCE))


def test_a_change_in_git_is_no_drift() -> None:
    plan = replace(PLAN, steps=(SETTINGS, *SETTINGS_LIVE))
    assert drift_of(plan) == ()
    assert not has_drift(plan)


def test_drift_that_sends_mail_to_real_people_is_said_as_such() -> None:
    mode, members = drift_of(DRIFTED)[:2]
    assert mode.widens
    assert members.widens
    assert "qa/Billing: mail reaches real users now (an apply heals it)" in drift_text([DRIFTED])


def test_drift_that_narrows_is_not_called_widening() -> None:
    turned = tuple(Change(c.field, c.after, c.before, c.case) for c in NARROW.changes)
    assert not any(drift.widens for drift in drift_of(replace(PLAN, steps=(replace(NARROW, changes=turned),))))


def test_pending_values_are_drift_to_look_at_and_name_whose_they_are() -> None:
    assert [(note.kind, note.subject) for note in pending_of(DRIFTED)] == [
        ("foreign-pending", "CRM"),
        ("pending", "Portal"),
    ]
    assert has_drift(replace(EMPTY_PLAN, notes=DRIFTED.notes))


def test_what_is_pending_only_because_this_plan_writes_it_is_not_drift() -> None:
    assert pending_of(replace(PLAN, steps=(NARROW, NARROW_LIVE, SETTINGS, *SETTINGS_LIVE), notes=())) == ()


def test_an_activation_without_a_write_is_something_that_is_pending_now() -> None:
    step = replace(SETTINGS_LIVE[0], if_pending=False, why=("pending, and as Git wants: server.port",))
    (note,) = pending_of(replace(EMPTY_PLAN, steps=(step,)))
    assert (note.subject, note.message) == ("Billing", "pending, and as Git wants: server.port")


def test_the_platforms_secret_is_never_shown() -> None:
    text = drift_text([DRIFTED])
    assert "another value (secrets are never read)" in text
    assert "bb" not in text


def test_json_names_both_sides_and_what_stopped_stages() -> None:
    data = json.loads(drift_json([DRIFTED], {"production": Unreachable("no answer")}, SINCE))
    first = data["stages"][0]["drift"][0]
    assert (first["gitWants"], first["platformHas"], first["since"]) == (
        "test-list",
        "set-in-app",
        "2026-11-22T20:58:00Z",
    )
    assert data["failures"][0]["stage"] == "production"

"""The state of stages in words and as JSON."""

import json
from dataclasses import replace

from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import AT, PROBLEMS, REVISION, RUN

from stagemail.model.condition import Condition
from stagemail.model.cost import Cost
from stagemail.model.inventory import StageIdentity
from stagemail.report.status import StageStatus, status_json, status_text
from stagemail.report.watching import Watch

READY = StageStatus(
    "development",
    "odc",
    StageIdentity("dev-key", "Development", "development"),
    REVISION,
    REVISION,
    replace(RUN, status="done"),
    (Condition("Ready", "True", "Applied", "as Git wants it", REVISION, AT),),
    5,
    5,
    observed_at=AT,
)
STALLED = StageStatus(
    "qa",
    "odc",
    StageIdentity("stage-key", "QA", "non-production"),
    "a" * 40,
    REVISION,
    RUN,
    (
        Condition("Ready", "False", "Held", "recipients-widened is not accepted", REVISION, AT),
        Condition("Stalled", "True", "Held", "waits for a waiver", REVISION, AT),
    ),
    3,
    5,
    ("Billing", "FieldApp"),
    ("Billing: server.port",),
    ("CRM: recipients-widened",),
    ("qa: server.host",),
    PROBLEMS,
)
NEW = StageStatus("production", "odc")


def test_stages_read_as_in_the_golden_file() -> None:
    assert_golden("status.txt", status_text([READY, STALLED, NEW]))


def test_a_stage_where_nothing_was_applied_is_live_nowhere() -> None:
    assert "live" not in status_text([replace(NEW, live=4, apps=4)])


def test_a_stage_in_a_word() -> None:
    reconciling = replace(NEW, conditions=(Condition("Reconciling", "True"),))
    assert [it.word for it in (READY, STALLED, NEW, reconciling)] == ["Ready", "Stalled", "Not ready", "Reconciling"]


def test_a_stage_that_is_behind_git_says_both_revisions() -> None:
    assert "behind: Git is at aaaaaaaaaaaa" in status_text([STALLED])


def test_json_holds_everything() -> None:
    data = json.loads(status_json([STALLED, NEW]))
    assert data["kind"] == "status"
    assert data["stages"][0]["conditions"][1]["type"] == "Stalled"
    assert data["stages"][0]["lastRun"]["id"] == "run-1"
    assert data["stages"][1]["lastRun"] is None


def test_how_often_drift_can_be_watched_is_said_and_what_decides_it() -> None:
    cost = Cost({"portfolios": 3, "asset-configurations": 183}, {"portfolios": 80, "asset-configurations": 80}, 61)
    watch = Watch("odc", ("development", "qa", "production"), (), cost.seconds, cost.decides, cost)
    text = " ".join(status_text([READY], [watch]).split())
    assert "drift on odc can be watched every 2m20s at the shortest: 3 stages, 183 calls" in text
    assert json.loads(status_json([READY], [watch]))["watch"][0]["seconds"] == 140


def test_no_stage_is_said() -> None:
    assert status_text([]) == "no stages\n"

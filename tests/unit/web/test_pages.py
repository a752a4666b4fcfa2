"""What the controller's pages say: metrics with bounded labels, health, and the status page."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.unit.reconcile.test_notifying import NOT_READY, NOW, READY, STALLED, finished

from stagemail.cli.controller_log import JsonLog
from stagemail.model.happening import Archived, Finished, Happening, Led, Looked, Reloaded, Ticked, Troubled
from stagemail.model.job import Depth
from stagemail.model.key import Key
from stagemail.model.run import Outcome, Run
from stagemail.model.usage import Usage
from stagemail.web.board import Board
from stagemail.web.health import Health
from stagemail.web.metrics import Asked, Metrics

KEY = Key("qa", "binding", "crm-key-that-nobody-shall-see")
LEFT = "drift; sync.selfHeal is none"
RUN = Run(
    "r1", "qa", "a" * 40, "controller", NOW, "done", NOW,
    (Outcome("s1", KEY, "CRM", "write", "done"), Outcome("s2", KEY, "Billing", "write", "reported", LEFT)),
    live=2, apps=3, not_live=("Portal",),
)  # fmt: skip
EVERYTHING: list[Happening] = [
    Looked("source", NOW, 0.1, "a" * 40, is_new=True, concerned=("qa",)),
    Looked("shop", NOW, 0.1, error="does not answer"),
    finished(READY, STALLED, run=RUN),
    finished(NOT_READY, stage="production"),
    Ticked(NOW, Depth(3, 1), 2.5),
    Reloaded(NOW),
    Reloaded(NOW, "wrong"),
    Troubled(NOW, "reconcile:qa", "a defect"),
    Troubled(NOW, "jobs", "well again", is_over=True),
    Led(NOW),
    Led(NOW, is_over=True),
    Archived(NOW, "stagemail-journal", 7),
    Archived(NOW, "stagemail-journal", 0, 12, 90.0, "does not answer"),
]


def shown(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text())
        for sample in family.samples
    }


def metrics_of(*happenings: Happening, **asked: Any) -> Metrics:
    made = Metrics()
    made.asked = Asked(**asked)
    for happening in happenings:
        made.saw(happening)
    return made


def test_metrics_say_what_the_issue_of_running_needs() -> None:
    usage = Usage("configurations", 80, 30, 1234, (("5xx", 2), ("limited", 1)))
    created = datetime(2026, 11, 1, tzinfo=UTC)
    made = metrics_of(
        *EVERYTHING,
        usage=lambda: {"odc": (usage,)},
        secrets=lambda: {"vault:SMTP_QA": created.isoformat(), "env:ODD": "yesterday"},
        drift_age=lambda _stage: 77.0,
    )
    made.notified("ops", True)
    found = shown(made)

    def value(name: str, /, **labels: str) -> float:
        return found[name, tuple(sorted(labels.items()))]

    assert value("stagemail_runs_total", stage="qa", result="done") == 1
    assert value("stagemail_runs_total", stage="production", result="failed") == 1
    assert value("stagemail_run_seconds_count") == 2
    assert value("stagemail_changes_total", stage="qa", action="write", result="done") == 1
    assert value("stagemail_drift_age_seconds", stage="qa") == 77
    assert value("stagemail_api_quota", target="odc", domain="configurations") == 80
    assert value("stagemail_api_quota_used", target="odc", domain="configurations") == 30
    assert value("stagemail_api_quota_left", target="odc", domain="configurations") == 50
    assert value("stagemail_api_calls_total", target="odc", domain="configurations") == 1234
    assert value("stagemail_api_errors_total", target="odc", domain="configurations", kind="5xx") == 2
    assert value("stagemail_queue_depth", state="waiting") == 3
    assert value("stagemail_queue_late_seconds") == 2.5
    assert value("stagemail_journal_copies_total", result="copied") == 1
    assert value("stagemail_journal_waiting_events") == 12
    assert value("stagemail_journal_late_seconds") == 90
    assert value("stagemail_last_success_timestamp_seconds", stage="qa") == NOW.timestamp()
    assert ("stagemail_last_success_timestamp_seconds", (("stage", "production"),)) not in found
    assert value("stagemail_stage_condition", stage="qa", type="Stalled") == 1
    assert value("stagemail_apps", stage="qa", live="no") == 1
    assert value("stagemail_source_looks_total", source="shop", result="failed") == 1
    assert value("stagemail_notifications_total", name="ops", result="sent") == 1
    assert value("stagemail_reloads_total", result="refused") == 1
    assert value("stagemail_troubles_total") == 1
    assert value("stagemail_secret_age_seconds", secret="vault:SMTP_QA") > 0
    assert not any("ODD" in str(labels) for _, labels in found)


def test_no_label_can_be_made_by_apps_revisions_or_messages() -> None:
    text = metrics_of(*EVERYTHING).text()
    for word in ("CRM", "Billing", "crm-key", "aaaa", "defect", "does not answer", "Portal"):
        assert word not in text
    before = len(shown(metrics_of(*EVERYTHING)))
    many = [
        replace(happening, revision=f"{n:040x}", run=replace(RUN, id=f"r{n}"))
        if isinstance(happening, Finished)
        else happening
        for n in range(50)
        for happening in EVERYTHING
    ]
    after = {key for key in shown(metrics_of(*EVERYTHING, *many)) if "_created" not in key[0]}
    assert len(after) <= before + 2, "the same stages with other revisions are the same series"


def test_what_is_gone_from_the_operator_file_has_no_series_any_more() -> None:
    there = {"stages": ["qa", "production"], "sources": ["source"]}
    made = metrics_of(
        *EVERYTHING, stages=lambda: there["stages"], sources=lambda: there["sources"], drift_age=lambda _stage: 1.0
    )

    def labels(name: str) -> set[str]:
        return {value for _, found in shown(made) for label, value in found if label == name}

    assert labels("stage")
    assert labels("source") == {"source"}
    gone = labels("stage").pop()
    there["stages"], there["sources"] = [name for name in there["stages"] if name != gone], []
    assert labels("stage") == labels("stage") - {gone}
    assert not labels("source")
    there["stages"] = []
    assert not labels("stage")
    made.saw(EVERYTHING[0])
    assert ("stagemail_queue_late_seconds", ()) in shown(made), "what has no such label stays"


def test_drift_that_was_healed_has_no_age_any_more() -> None:
    made = metrics_of(finished(run=RUN), finished(run=replace(RUN, outcomes=())), drift_age=lambda _stage: 5.0)
    assert "stagemail_drift_age_seconds{" not in made.text()


def test_a_controller_is_healthy_while_its_loop_goes_round() -> None:
    quiet = 0.0
    health = Health(lambda: quiet, lambda: ["source"], 180.0)
    assert health.healthz() == (200, "ok\n")
    quiet = 181.0
    assert health.healthz() == (503, "the loop has not gone round for 181 s\n")


def test_it_is_ready_once_every_source_was_seen_and_while_one_is() -> None:
    health = Health(lambda: 0.0, lambda: ["shop", "source"], 180.0)
    assert health.readyz() == (503, "not seen yet: shop, source\n")
    health.saw(Looked("source", NOW, 0.1, error="does not answer"))
    assert health.readyz() == (503, "not seen yet: shop\n")
    health.saw(Looked("shop", NOW, 0.1, error="is away"))
    assert health.readyz() == (503, "shop: is away\nsource: does not answer\n")
    health.saw(Looked("source", NOW, 0.1, "a" * 40))
    assert health.readyz() == (200, "ready\n")
    held = Looked("shop", NOW, 0.1, "b" * 40, error="commit bbb has no signature")
    health.saw(held)
    assert health.readyz()[0] == 200, "a held branch is seen"


def board(*happenings: Happening) -> str:
    made = Board(
        lambda: ["production", "qa"], lambda: ["source"], lambda: NOW, lambda text: text.replace("hunter2", "***")
    )
    for happening in happenings:
        made.saw(happening)
    return made.html()


def test_the_status_page_tells_every_stage_and_source() -> None:
    html = board(*EVERYTHING)
    assert "<title>stagemail: 1 failed, 1 stalled</title>" in html.replace("not ready", "failed")
    assert "2 of 3" in html
    assert "aaaaaaaaaaaa" in html
    assert "2026-11-26 00:00:00" in html
    assert f"Billing: reported, {LEFT}" in html


def test_before_anything_was_looked_at_the_status_page_says_so() -> None:
    assert board().count("not looked at yet") == 5


def test_what_others_wrote_is_text_on_the_status_page_and_no_secret() -> None:
    evil = replace(finished(), error='<script>alert("x")</script> hunter2')
    html = board(evil, Looked("source", NOW, 0.1, error="<img src=x>"))
    assert "<script>" not in html
    assert "<img" not in html
    assert "hunter2" not in html
    assert "&lt;script&gt;" in html


def test_many_held_steps_are_counted_on_the_status_page() -> None:
    outcomes = tuple(Outcome(f"s{n}", KEY, f"App{n}", "write", "held", "needs a waiver") for n in range(40))
    html = board(finished(run=replace(RUN, status="held", outcomes=outcomes)))
    assert "and 35 more" in html


def test_the_json_log_is_a_line_of_plain_facts_for_each_thing_that_happens() -> None:
    out = io.StringIO()
    log = JsonLog(lambda text: text.replace("hunter2", "***"), out)
    for happening in [*EVERYTHING, replace(finished(), error="https://x:hunter2@host")]:
        log.saw(happening)
    log.complain("notification ops: hunter2")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == len(EVERYTHING) + 1, "a round of the loop is no line"
    assert lines[0] == {
        "event": "looked", "level": "info", "revision": "a" * 40, "seconds": 0.1, "source": "source", "stages": "qa",
        "timestamp": "2026-11-26T00:00:00.000000Z",
    }  # fmt: skip
    assert {
        "event": "finished",
        "steps_done": 1,
        "steps_reported": 1,
        "run": "r1",
        "ready": "True InSync",
    }.items() <= lines[2].items()
    assert lines[-2]["error"] == "https://x:***@host"
    assert lines[-1]["message"] == "notification ops: ***"
    assert "hunter2" not in out.getvalue()


@pytest.mark.parametrize("text", ["a\nb", 'quote " and \\', "\x1b[31mred"])
def test_nothing_breaks_out_of_a_line_of_the_json_log(text: str) -> None:
    out = io.StringIO()
    JsonLog(str, out).complain(text)
    assert len(out.getvalue().splitlines()) == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", out.getvalue())
    assert json.loads(out.getvalue())["message"] == text

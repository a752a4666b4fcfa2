"""Each exit code, by the situation that people meet it in."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
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


@pytest.mark.parametrize("verb", ["plan", "apply", "status", "drift", "history", "doctor", "explain"])
def test_a_stage_that_is_not_there_is_2_with_the_known_ones(bench: Bench, verb: str) -> None:
    bench.run(verb, "qq", expect=2).shows("qq", "known stages: development, production, qa")


def test_a_file_or_folder_that_was_named_and_is_not_there_is_2(bench: Bench) -> None:
    bench.run("--config", "none.yaml", "plan", expect=2).shows("none.yaml: no such operator file")
    bench.run("plan", "--root", "nowhere", expect=2).shows("nowhere: no such folder")
    bench.run("validate", "tests", expect=2)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nothing")])
def test_an_operator_file_that_is_no_file_is_1_and_not_called_missing(
    bench: Bench, make: Callable[[Path], None]
) -> None:
    path = bench.repository / "stagemail.yaml"
    path.unlink()
    make(path)
    for verb in ("validate", "plan"):
        bench.run(verb, expect=1).shows("stagemail.yaml", "must be a file").hides("does not exist")


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

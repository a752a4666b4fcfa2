"""The result of a run for machines, and as Markdown."""

import json

from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import RUN, SETTINGS_LIVE

from stagemail.errors import Busy, NotPermitted, OutcomeUnknown
from stagemail.report.failure import failures_json, failures_of, failures_text
from stagemail.report.runs_json import runs_json
from stagemail.report.runs_markdown import runs_markdown

ERRORS = {
    "production": NotPermitted("no permission on Production", hint="grant *View configurations* to the API client"),
    "development": Busy("run-7 holds the lease since 21:00", hint="wait, or apply --wait 60"),
}


def test_a_run_is_written_as_in_the_golden_file() -> None:
    assert_golden("run.json", runs_json([RUN], ERRORS))


def test_what_is_worth_trying_again_is_always_there() -> None:
    assert json.loads(runs_json([]))["retryable"] == []
    again = json.loads(runs_json([RUN], ERRORS))["retryable"]
    assert [(entry["stage"], entry["step"]) for entry in again] == [("qa", SETTINGS_LIVE[0].id), ("development", "")]


def test_a_run_in_markdown_reads_as_in_the_golden_file() -> None:
    assert_golden("run.md", runs_markdown([RUN], ERRORS))


def test_what_stopped_a_command_is_said_with_the_next_step() -> None:
    text = failures_text(failures_of(ERRORS))
    assert "production: failed: no permission on Production\n  → grant" in text
    assert text.count("worth trying again as it is") == 1


def test_what_stopped_a_command_is_json_too() -> None:
    data = json.loads(failures_json(failures_of({"qa": OutcomeUnknown("no answer")})))
    assert data["retryable"] == ["qa"]
    assert data["failures"][0]["error"] == "OutcomeUnknown"

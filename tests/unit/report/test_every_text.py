"""What holds for every text report: nothing acts on the terminal, and lines keep to 80 columns."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from tests.unit.report import samples, test_checks, test_drift, test_explain, test_secret_status, test_status

from stagemail.model.location import Location
from stagemail.report.discovery import discovery_text
from stagemail.report.drift import drift_text
from stagemail.report.escape import is_hidden
from stagemail.report.explain import explain_text
from stagemail.report.findings import findings_text
from stagemail.report.history import history_text
from stagemail.report.plan_text import plan_text
from stagemail.report.problems import problems_text
from stagemail.report.runs import run_text
from stagemail.report.secret_check import secrets_text
from stagemail.report.secret_status import secret_status_text
from stagemail.report.sheet import cells
from stagemail.report.status import status_text

EVIL = "\x1b]0;owned\x07\x9b2J\r\n\u202eevil\u200b"
CLOSED = {"kind", "state", "status", "case", "action", "level", "type", "severity", "support", "error"}
"""Fields that hold one of our own words and never anybody's text."""

REPORTS: dict[str, tuple[Callable[..., str], Any]] = {
    "plan": (lambda data: plan_text(data[0]), (samples.PLAN,)),
    "problems": (problems_text, samples.PROBLEMS),
    "runs": (run_text, (samples.RUN,)),
    "history": (history_text, (samples.RUN,)),
    "status": (status_text, (test_status.READY, test_status.STALLED, test_status.NEW)),
    "explain": (explain_text, (test_explain.STAGE, test_explain.APP)),
    "drift": (drift_text, (test_drift.DRIFTED,)),
    "findings": (findings_text, test_checks.FINDINGS),
    "discovery": (discovery_text, (test_checks.DISCOVERED,)),
    "secrets": (secrets_text, test_checks.CHECKED),
    "secrets-status": (secret_status_text, test_secret_status.ALL),
}


def poisoned(value: Any) -> Any:
    """The same data with hostile characters at the end of each text that is not one of our own words."""
    if isinstance(value, str):
        return value + EVIL
    if isinstance(value, tuple):
        return tuple(map(poisoned, value))
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.init and field.name not in CLOSED]
        return replace(value, **{name: poisoned(getattr(value, name)) for name in names})
    return value


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_no_value_can_act_on_the_terminal(name: str) -> None:
    report, data = REPORTS[name]
    text = report(poisoned(data))
    assert "\\x1b]0;owned\\x07\\x9b2J\\r\\n\\u202eevil\\u200b" in text
    assert not [char for char in text if char != "\n" and is_hidden(char)]


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_a_hostile_value_adds_no_line_that_looks_like_ours(name: str) -> None:
    report, data = REPORTS[name]
    assert not any(line.startswith("evil") for line in report(poisoned(data)).splitlines())


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_lines_keep_to_80_columns(name: str) -> None:
    report, data = REPORTS[name]
    for line in report(data).splitlines():
        assert cells(line) <= 80 or len(line.split()) <= 2, line


def test_the_samples_are_really_poisoned() -> None:
    assert poisoned(Location("a", 1, 2)) == Location("a" + EVIL, 1, 2)

"""What an admin reads when mail has stopped: 80 columns, everything that may be the reason, the way back."""

import json
from dataclasses import replace

from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import AT, RUN
from tests.unit.report.test_drift import DRIFTED
from tests.unit.report.test_every_text import EVIL, poisoned
from tests.unit.report.test_status import READY, STALLED

from stagemail.model.revision import Commit
from stagemail.report.drift import drift_of
from stagemail.report.escape import is_hidden
from stagemail.report.failure import Failure
from stagemail.report.sheet import cells
from stagemail.report.why import Expiry, Pending, Touched, Why, why_json, why_text

COMMITS = (
    Commit("b" * 40, "Grace <grace@example.com>", "2026-11-22T18:02:11+00:00", "Move QA to the relay's new port"),
    Commit("a" * 40, "Ada <ada@example.com>", "2026-11-20T09:00:00+00:00", "Describe the mail of every stage"),
)
WHY = Why(
    STALLED,
    AT,
    COMMITS,
    RUN,
    (Touched("2026-11-22T20:58:00Z", "qa authentication.password"),),
    (
        Pending("sender.name", "Example QA", "Oops", ("Billing", "CRM", "FieldApp", "Portal")),
        Pending("recipients.mode", "set-in-app", "test-list", ("CRM",)),
    ),
    ("Billing: settings: ApiUrl",),
    drift_of(DRIFTED),
    (
        Expiry("2026-11-20", "waiver crm-pilot (recipients-widened)", -2),
        Expiry("2026-11-22", "secret env:SMTP_QA", 0),
        Expiry("2026-12-01", "clientSecret of target odc", 9),
        Expiry("2027-12-01", "secret env:SMTP_QA2", 374),
    ),
    ("git revert --no-edit bbbbbbbbbbbb", "stagemail plan qa", "stagemail apply qa"),
    ("development",),
    (Failure("qa", "NotFound", "environment variable STAGEMAIL_SMTP_QA is not set", "set it", retryable=False),),
)


def test_everything_at_once_reads_as_in_the_golden_file() -> None:
    quiet = Why(READY, AT, COMMITS[:1])
    assert_golden("why.txt", why_text([WHY, quiet]))


def test_lines_keep_to_80_columns() -> None:
    assert max(map(cells, why_text([WHY]).splitlines())) <= 80


def test_a_stage_whose_platform_was_not_read_says_so() -> None:
    text = why_text([replace(WHY, status=replace(STALLED, observed_at=None))])
    assert "the platform was not read: this is what the record says" in text


def test_no_value_can_act_on_the_terminal() -> None:
    data = poisoned(replace(WHY, revert=()))
    text = why_text([replace(data, expiries=WHY.expiries)])
    assert "\\x1b]0;owned" in text
    assert EVIL not in text
    assert not [char for char in text if char != "\n" and is_hidden(char)]


def test_all_of_it_is_in_the_json() -> None:
    data = json.loads(why_json([WHY]))
    (stage,) = data["stages"]
    assert data["kind"] == "why"
    assert stage["revert"] == list(WHY.revert)
    assert stage["pending"][0]["apps"] == ["Billing", "CRM", "FieldApp", "Portal"]
    assert [it["days"] for it in stage["expiries"]] == [-2, 0, 9, 374]

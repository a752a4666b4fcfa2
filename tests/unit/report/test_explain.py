"""Why a value is what it is."""

import json

from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import REVISION

from stagemail.model.location import Location
from stagemail.model.revision import Commit
from stagemail.model.secret import SecretRef
from stagemail.report.explain import ExplainedField, Explanation, explain_json, explain_text

COMMIT = Commit(REVISION, "Ana Silva <ana@example.com>", "2026-11-20T09:30:00Z", "Move QA to the new relay")
STAGE = Explanation(
    "qa",
    revision=REVISION,
    configuration="corporate-relay",
    fields=(
        ExplainedField("server.port", 25, "default", None, None, "write `port:` below `server:`"),
        ExplainedField(
            "server.security",
            "starttls",
            location=Location("environments/qa/email.yaml", 8, 5),
            changed_by=COMMIT,
            support="verifies",
            reason="ODC has no field for transport security",
        ),
        ExplainedField("authentication.password", SecretRef("env", "SMTP_QA"), "written"),
    ),
)
APP = Explanation(
    "qa",
    "PortalAdmin",
    REVISION,
    "corporate-relay",
    "customer-apps",
    "Portal*",
    Location("environments/qa/apps.yaml", 8, 23),
    (ExplainedField("recipients.mode", "test-list", "inherited from configuration corporate-relay"),),
    ("the app was not looked up on the platform",),
)


def test_an_explanation_reads_as_in_the_golden_file() -> None:
    assert_golden("explain.txt", explain_text([STAGE, APP]))


def test_it_says_that_liveness_was_not_checked_only_where_that_is_so() -> None:
    assert "Liveness was not checked" in explain_text([STAGE])
    assert "Liveness" not in explain_text([Explanation("qa", live_checked=True)])


def test_json_holds_value_place_and_commit() -> None:
    fields = json.loads(explain_json([STAGE]))["explanations"][0]["fields"]
    assert fields[1]["location"] == {"path": "environments/qa/email.yaml", "line": 8, "column": 5}
    assert fields[1]["changedBy"]["id"] == REVISION
    assert fields[2]["value"]["secretRef"]["key"] == "SMTP_QA"

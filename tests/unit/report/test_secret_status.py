"""What ``secrets status`` prints."""

import json

import jsonschema
from tests.unit.report.golden import assert_golden

from stagemail.model.location import Location
from stagemail.report.failure import Failure
from stagemail.report.schema import schema_texts
from stagemail.report.secret_status import (
    LiveIn,
    SecretStatus,
    SecretUse,
    exit_worth,
    secret_status_json,
    secret_status_text,
)

PASSWORD = "authentication.password"
USES = (
    SecretUse(
        "production", PASSWORD, Location("environments/production/email.yaml", 12, 17), ("smtp.example.com:587",)
    ),
    SecretUse("qa", PASSWORD, Location("environments/qa/email.yaml", 11, 17), ("smtp.example.com:587",)),
)
LIVE = (LiveIn("production", "live", "8", 48, 48), LiveIn("qa", "live", "8", 12, 12, (), "an overwrite is not seen"))
DONE = SecretStatus(
    "vault:mail/smtp#password", "secret mail/smtp of https://vault.example.com, field password", "8", 3, "2027-01-31",
    66, uses=USES, live_in=LIVE, conclusion="version 8 live in 60 of 60 apps: version 7 may be revoked",
)  # fmt: skip
WAITING = SecretStatus(
    "vault:mail/dev", "secret mail/dev of https://vault.example.com", "2", 0, "", None, uses=USES[1:],
    live_in=(LiveIn("qa", "behind", "1", message="the platform has version 1: `stagemail apply qa` sends 2"),),
    conclusion="keep version 1: whether version 2 is live in qa is not known or not so yet", todo=True,
)  # fmt: skip
OWN = SecretStatus(
    "env:ODC_CLIENT_SECRET", "environment variable STAGEMAIL_ODC_CLIENT_SECRET", "", None, "2026-12-01", 5,
    "runs out on 2026-12-01: renew it now", "its old value dies the moment a new one is made",
    (SecretUse("", "targets.odc.credentials.clientSecret", Location("stagemail.yaml", 14, 7)),),
)  # fmt: skip
GONE = SecretStatus(
    "vault:mail/gone", "", "", None, "", None,
    failure=Failure("qa", "NotFound", "there is no secret mail/gone", "check `key`", retryable=False),
)  # fmt: skip
ALL = (DONE, GONE, WAITING, OWN)
FAILURES = (Failure("production", "Unreachable", "no answer from ODC", "try again later", retryable=True),)


def test_it_reads_as_in_the_golden_file() -> None:
    assert_golden("secrets-status.txt", secret_status_text(ALL, FAILURES))
    assert secret_status_text([]) == "no secrets are referenced\n"


def test_its_json_fits_the_published_schema() -> None:
    data = json.loads(secret_status_json(ALL, FAILURES))
    jsonschema.Draft202012Validator(json.loads(schema_texts()["secrets-status.schema.json"])).validate(data)
    assert data["secrets"][0]["liveIn"][0]["live"] == 48


def test_what_a_script_should_know() -> None:
    assert exit_worth((DONE,), ()) == "done"
    assert exit_worth((DONE, WAITING), ()) == exit_worth((OWN,), ()) == "todo"
    assert exit_worth((DONE, GONE), ()) == exit_worth((DONE,), FAILURES) == "failed"

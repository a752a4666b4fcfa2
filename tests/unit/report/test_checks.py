"""What doctor, discovery and ``secrets check`` found."""

import json
from dataclasses import replace

from tests.unit.report.golden import assert_golden

from stagemail.errors import GrantRefused, Unreachable
from stagemail.model.inventory import StageIdentity
from stagemail.model.secret import SecretRef
from stagemail.ports import Candidate, Discovered
from stagemail.reconcile.credentials import Checked
from stagemail.reconcile.granting import Use
from stagemail.report.discovery import discovery_json, discovery_text
from stagemail.report.findings import Finding, findings_json, findings_text
from stagemail.report.secret_check import secrets_json, secrets_text

FINDINGS = (
    Finding("git", "ok", "git 2.39.5"),
    Finding("state", "warn", "stagemail.db can be read by others", "chmod 600 stagemail.db"),
    Finding("target odc", "fail", "client is not permitted: *View configurations* is missing on QA", "grant it in ODC"),
)
HOST = Candidate("server.host", "key-1", "SMTP server", "stage", "Text", is_secret=False, evidence="name")
SECRETS = tuple(
    Candidate("authentication.password", key, name, "stage", "Text", is_secret=True, evidence="secret, name")
    for key, name in (("key-2", "Password"), ("key-3", "Client Secret"))
)
DISCOVERED = Discovered(
    "qa",
    StageIdentity("stage-key", "QA"),
    (HOST,),
    ("recipients.testList",),
    (("authentication.password", SECRETS),),
)
CHECKED = (
    Checked(
        Use("qa", SecretRef("env", "SMTP_QA"), ("smtp.example.com:587",)), "environment variable STAGEMAIL_SMTP_QA", "8"
    ),
    Checked(
        Use("development", SecretRef("env", "SMTP_PROD"), ("smtp.example.com:587",)),
        "",
        error=GrantRefused("development may not read env:SMTP_PROD", hint="add a grant: {stages: [development], …}"),
    ),
    Checked(Use("production", SecretRef("vault", "mail"), ()), "", error=Unreachable("no answer from the store")),
)


def test_findings_read_as_in_the_golden_file() -> None:
    assert_golden("findings.txt", findings_text(FINDINGS))
    assert findings_text([]) == "nothing was checked\n"


def test_findings_are_json_too() -> None:
    assert [f["level"] for f in json.loads(findings_json(FINDINGS))["findings"]] == ["ok", "warn", "fail"]


def test_discovery_reads_as_in_the_golden_file() -> None:
    assert_golden("discovery.txt", discovery_text([DISCOVERED]))


def test_discovery_tells_of_stages_that_are_alike_once() -> None:
    other = replace(DISCOVERED, stage="test", identity=StageIdentity("other-key", "Test"))
    odd = replace(other, stage="uat", found=(replace(HOST, key="key-9"),))
    told = discovery_text([DISCOVERED, odd, other])
    assert told.count("[key-1]") == 1 and told.count("[key-9]") == 1
    assert told.startswith("qa, test: 1 found, 1 unclear, 1 missing (QA, stage-key; Test, other-key)\n")
    assert "\nuat: 1 found" in told
    assert len(json.loads(discovery_json([DISCOVERED, odd, other]))["stages"]) == 3


def test_discovery_is_json_too() -> None:
    (stage,) = json.loads(discovery_json([DISCOVERED]))["stages"]
    assert stage["missing"] == ["recipients.testList"]
    assert [c["key"] for c in stage["ambiguous"][0][1]] == ["key-2", "key-3"]


def test_secrets_read_as_in_the_golden_file() -> None:
    assert_golden("secrets.txt", secrets_text(CHECKED))
    assert secrets_text([]) == "no secrets are referenced\n"


def test_secrets_are_json_too_and_say_what_to_try_again() -> None:
    data = json.loads(secrets_json(CHECKED))
    assert data["retryable"] == ["vault:mail"]
    assert [(s["stage"], s["failure"] is None) for s in data["secrets"]] == [
        ("development", False),
        ("production", False),
        ("qa", True),
    ]

"""What an API client may not do: the stage that is refused says which permission is missing, the others go on."""

import json

import pytest
from tests.acceptance.bench import PASSWORD, Bench

READING = (
    ("validate",), ("plan",), ("apply",), ("status",), ("drift",), ("explain", "qa", "CRM"), ("history",),
    ("secrets", "check"), ("doctor",), ("target", "discover"), ("status", "--record-only"), ("plan", "--automatic"),
    ("apply", "qa", "--automatic"),
)  # fmt: skip


def become(bench: Bench, client: str) -> None:
    """Let another API client do the work."""
    bench.change("stagemail.yaml", "clientId: stagemail-ci", f"clientId: {client}")


def test_without_view_on_one_stage_the_other_two_proceed_and_the_third_names_the_permission(bench: Bench) -> None:
    become(bench, "no-qa")
    said = bench.run("apply", expect=5)
    said.shows("development: read back equal, live on 5 of 5", "production: read back equal, live on 4 of 4")
    said.shows("qa: ODC shows no stage QA", "View stage")
    assert {row["stage"] for row in bench.ledger()} == {"Development", "Production"}
    bench.run("plan", expect=5).shows("View stage")
    bench.run("status", expect=5).shows("development Ready", "View stage")


def test_without_the_email_permission_on_one_stage_it_is_named(bench: Bench) -> None:
    allowed = ["View stage", "View configurations", "Edit configurations", "Deploy assets"]
    bench.platform.portal("change-client", client="stagemail-ci", stage="QA", permissions=allowed)
    said = bench.run("apply", expect=5)
    said.shows("development: read back equal", "production: read back equal", "Manage Email")
    failed = [row for row in bench.platform.ledger() if row["status"] == 403]
    assert [(row["stage"], row["app"]) for row in failed] == [("QA", None)]


def test_without_the_email_permission_the_stage_is_refused_and_said_to_lack_it(bench: Bench) -> None:
    become(bench, "no-email")
    bench.run("apply", "development", expect=5).shows("Manage Email", "no-email")


def test_without_edit_nothing_is_written(bench: Bench) -> None:
    become(bench, "viewer")
    bench.run("apply", "development", expect=1).shows("Edit configurations", "viewer")
    assert bench.ledger() == []


@pytest.mark.parametrize("client", ["suspended", "expired"])
def test_a_client_that_may_not_log_in_is_named(bench: Bench, client: str) -> None:
    become(bench, client)
    bench.run("plan", expect=1).shows(client, "ODC Portal")
    bench.run("doctor", expect=1).shows(client)


def test_a_wrong_client_secret_is_never_repeated(bench: Bench) -> None:
    bench.environment["STAGEMAIL_ODC_CLIENT_SECRET"] = "not-the-secret-of-it"
    bench.run("plan", expect=1).shows("stagemail-ci").hides("not-the-secret-of-it")


def test_read_only_lets_no_command_write_and_apply_says_so(bench: Bench) -> None:
    bench.change("stagemail.yaml", "type: odc", "type: odc\n    readOnly: true")
    codes = {}
    for command in READING:
        said = bench.run(*command, expect=None)
        codes[command] = said.code
        if command[0] == "apply":
            said.shows("read-only", "readOnly: false")
    assert bench.platform.ledger() == []
    assert codes["apply",] == 1
    assert {command: code for command, code in codes.items() if command[0] not in ("apply", "status", "drift")} == {
        command: 0 for command in READING if command[0] not in ("apply", "status", "drift")
    }
    bench.change("stagemail.yaml", "readOnly: true", "readOnly: false")
    bench.run("apply", "qa").shows("qa: read back equal, live on 5 of 5 apps")


def test_every_command_that_only_looks_writes_nothing(bench: Bench) -> None:
    for command in READING:
        if command[0] != "apply":
            bench.run(*command, expect=None)
            bench.run(*command, "--format", "json", expect=None)
    assert bench.platform.ledger() == []


def test_a_secret_is_in_no_output_and_in_no_file(applied: Bench) -> None:
    applied.run("plan", "qa", "--out", "qa.plan.json")
    applied.run("history", "--format", "json")
    applied.run("explain", "qa", "--format", "json")
    said = applied.run("--debug", "secrets", "check", "--format", "json")
    assert json.loads(said.out)["secrets"]
    assert PASSWORD.encode() not in applied.files()
    assert b"emulator-secret" not in applied.files()

"""Credentials: what is missing or not granted is named with the next step, and no value is ever seen."""

import json

import pytest
from tests.acceptance.bench import PASSWORD, Bench

GRANT = (
    '  - {stages: [qa], store: env, keys: SMTP_QA, destinations: ["smtp.example.com:587", "smtp.example.com:2587"]}\n'
)


def test_a_missing_secret_stops_only_its_unit_and_names_the_variable(bench: Bench) -> None:
    bench.unset("STAGEMAIL_SMTP_QA")
    bench.run("secrets", "check", expect=1).shows("STAGEMAIL_SMTP_QA")
    bench.run("plan", "qa", expect=None).shows("STAGEMAIL_SMTP_QA")
    before = bench.mark()
    said = bench.run("apply", "qa", expect=None).shows("STAGEMAIL_SMTP_QA")
    assert said.code in (1, 5)
    sent = {value["field"] for row in bench.ledger(before) if row["app"] is None for value in row["values"]}
    assert sent == {"senderName", "senderAddress"}
    assert bench.platform.live("QA", "CRM")["host"] is None


def test_a_refused_grant_prints_the_line_that_would_grant_it(bench: Bench) -> None:
    bench.change("stagemail.yaml", GRANT, "")
    line = '- {stages: ["qa"], store: "env", keys: "SMTP_QA", destinations: ["smtp.example.com:587"]}'
    for command in (("secrets", "check"), ("plan", "qa"), ("apply", "qa"), ("doctor",)):
        bench.run(*command, expect=None).shows(line)
    assert not any(value["field"] == "host" for row in bench.ledger() for value in row["values"])
    text = bench.read("stagemail.yaml")
    bench.write("stagemail.yaml", text.replace("grants:\n", f"grants:\n  {line}\n"))
    bench.run("secrets", "check")
    bench.run("apply", "qa").shows("qa: read back equal")


WAIVER = """\
apiVersion: stagemail/v1
kind: Waiver
metadata: {name: new-relay}
spec: {allow: host-changed-credential-kept, to: mail.qa.example.com, reason: agreed by nobody}
"""


@pytest.mark.parametrize("waived", [False, True])
def test_a_kept_credential_never_goes_to_a_server_that_was_not_granted(applied: Bench, waived: bool) -> None:
    applied.change("environments/qa/email.yaml", "host: smtp.example.com", "host: mail.qa.example.com")
    if waived:
        applied.write("environments/qa/waivers.yaml", WAIVER)
    before = applied.mark()
    applied.run("plan", "qa", expect=None).shows("mail.qa.example.com")
    said = applied.run("apply", "qa", expect=None)
    assert said.code == (1 if waived else 4), said
    assert applied.writes(before) == {}
    assert applied.platform.live("QA", "CRM")["host"] == "smtp.example.com"
    if waived:
        said.shows("may not send the secret env:SMTP_QA to mail.qa.example.com:587")
        applied.change("stagemail.yaml", '"smtp.example.com:2587"', '"mail.qa.example.com:587"')
        applied.run("apply", "qa").shows("qa: read back equal")
        assert applied.platform.live("QA", "CRM")["host"] == "mail.qa.example.com"
    else:
        line = '- {stages: ["qa"], store: "env", keys: "SMTP_QA", destinations: ["mail.qa.example.com:587"]}'
        for command in ("plan", "apply", "drift", "status"):
            applied.run(command, "qa", expect=None).shows(line)


LINE = '- {stages: ["qa"], store: "env", keys: "SMTP_QA", destinations: ["smtp.example.com:587"]}'
LOOKING = (
    ("plan", "qa"), ("plan", "qa", "--format", "markdown"), ("plan", "qa", "--format", "json"),
    ("plan", "qa", "--automatic"),
    ("apply", "qa"), ("apply", "qa", "--format", "json"), ("apply", "qa", "--automatic"),
    ("drift", "qa"), ("drift", "qa", "--format", "json"), ("status", "qa"), ("status", "qa", "--format", "json"),
)  # fmt: skip


def test_a_grant_that_was_taken_away_fails_every_look_with_the_line_to_write(applied: Bench) -> None:
    applied.change("stagemail.yaml", GRANT, "")
    before = applied.mark()
    for command in LOOKING:
        said = applied.run(*command, expect=1)
        line = json.dumps(LINE)[1:-1] if "json" in command else LINE
        said.shows(f"`{line}`")
    assert applied.ledger(before) == []
    for look in ("plan", "drift"):
        applied.run(look, "qa", "--no-secrets").shows("value not read", LINE)
    applied.run("apply", "qa", "--app", "CRM", expect=None).hides("SMTP_QA")


def test_a_secret_that_is_missing_fails_every_look_although_nothing_else_is_to_do(applied: Bench) -> None:
    applied.unset("STAGEMAIL_SMTP_QA")
    before = applied.mark()
    for command in LOOKING:
        said = applied.run(*command, expect=1).hides("Nothing to do", "nothing was to be done")
        said.shows("set `STAGEMAIL_SMTP_QA`" if "markdown" in command else "set STAGEMAIL_SMTP_QA")
    assert applied.ledger(before) == []
    for look in ("plan", "drift"):
        applied.run(look, "qa", "--no-secrets").shows("reference unchanged (value not read)")
    applied.run("status", "qa", "--no-secrets").shows("Ready")
    applied.run("apply", "qa", expect=1).shows("failed read the credential of qa: secret env:SMTP_QA")


def test_after_a_run_that_only_missed_a_secret_no_more_apps_are_read_than_before(applied: Bench) -> None:
    def reads() -> dict[str, int]:
        before = applied.platform.reads()
        applied.run("plan", "qa", expect=None)
        return {name: count - before.get(name, 0) for name, count in applied.platform.reads().items()}

    usual = reads()
    assert sum(usual.values())
    applied.unset("STAGEMAIL_SMTP_QA")
    applied.run("apply", "qa", expect=1)
    assert reads() == usual


def test_a_rotated_secret_is_written_once(applied: Bench) -> None:
    applied.environment["STAGEMAIL_SMTP_QA"] = "acceptance-rotated-password"
    applied.run("plan", "qa", "--detailed-exitcode", expect=3).shows("authentication.password")
    before = applied.mark()
    applied.run("apply", "qa").shows("qa: read back equal").hides("acceptance-rotated-password")
    assert applied.writes(before)["PATCH", "QA"] == 1
    assert applied.platform.secret_equals("QA", "password", "acceptance-rotated-password", "Billing")
    applied.run("plan", "qa", "--detailed-exitcode")
    assert b"acceptance-rotated-password" not in applied.files()


def test_a_lost_record_adopts_what_is_there_without_a_write(applied: Bench) -> None:
    for path in applied.repository.glob("stagemail.db*"):
        path.unlink()
    before = applied.mark()
    applied.run("plan", "qa").shows("secrets push")
    applied.run("apply", "qa").shows("nothing was to be done")
    assert applied.ledger(before) == []
    applied.run("secrets", "push", "qa")
    assert applied.writes(before)["PATCH", "QA"] == 1
    assert applied.platform.secret_equals("QA", "password", PASSWORD, "CRM")


def test_a_file_secret_that_others_may_read_or_that_is_a_link_is_refused(bench: Bench) -> None:
    file = bench.folder / "secrets" / "smtp-production"
    real = file.with_name("real")
    file.rename(real)
    file.symlink_to(real)
    bench.run("secrets", "check", "production", expect=1).shows("smtp-production")
    file.unlink()
    bench.run("secrets", "check", "production", expect=1).shows("smtp-production")
    file.write_bytes(b"x" * 2_000_000)
    file.chmod(0o600)
    bench.run("secrets", "check", "production", expect=1).shows("smtp-production")


def test_a_password_written_into_the_file_is_refused_and_not_repeated(bench: Bench) -> None:
    bench.change(
        "environments/qa/email.yaml", "password: {secretRef: {store: env, key: SMTP_QA}}", f"password: {PASSWORD}"
    )
    for command in (("validate",), ("plan", "qa"), ("apply", "qa"), ("validate", "--format", "json")):
        bench.run(*command, expect=1).shows("secretRef")
    assert bench.ledger() == []
    for form in ("github", "sarif", "markdown"):
        assert json.dumps(PASSWORD)[1:-1] not in bench.run("validate", "--format", form, expect=1).out


def test_a_push_that_is_refused_or_has_nothing_to_send_says_so(applied: Bench) -> None:
    applied.change("environments/qa/email.yaml", "host: smtp.example.com", "host: mail.qa.example.com")
    before = applied.mark()
    said = applied.run("secrets", "push", "qa", expect=1).shows("may not send the secret", "- {stages: [")
    said.hides("nothing was to be done")
    applied.change("environments/qa/email.yaml", "host: mail.qa.example.com", "host: smtp.example.com")
    applied.unset("STAGEMAIL_SMTP_QA")
    applied.run("secrets", "push", "qa", expect=1).shows("set STAGEMAIL_SMTP_QA")
    assert applied.ledger(before) == []

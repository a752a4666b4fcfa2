"""``plan --against``: what a change would do, told to whoever has no credential, with neither platform nor store."""

from pathlib import Path

import pytest
from tests.acceptance.bench import Bench

QA = "environments/qa/email.yaml"


@pytest.fixture
def bare(bench: Bench, tmp_path: Path) -> Bench:
    """A checkout as a stranger has it: no credential, no record, no platform in reach."""
    for name in [name for name in bench.environment if name.startswith("STAGEMAIL_") and "CLOCK" not in name]:
        bench.unset(name)
    for path in bench.repository.glob("stagemail.db*"):
        path.unlink()
    bench.change("stagemail.yaml", f"domain: {bench.emulator.url}", "domain: nobody.invalid")
    return bench


def test_nothing_changed_and_nobody_is_asked(bare: Bench) -> None:
    before = bare.platform.reads()
    said = bare.run("plan", "--against", "HEAD", "--detailed-exitcode")
    said.shows("qa authentication.password: reference unchanged (value not read)", "nobody was asked")
    assert bare.platform.reads() == before
    assert not list(bare.repository.glob("stagemail.db*")), "no record is made"


def test_a_changed_reference_and_a_changed_host_are_told_with_the_grant_that_is_missing(bare: Bench) -> None:
    bare.change(QA, "key: SMTP_QA", "key: SMTP_OTHER")
    line = '- {stages: ["qa"], store: "env", keys: "SMTP_OTHER", destinations: ["smtp.example.com:587"]}'
    said = bare.run("plan", "qa", "--against", "HEAD~1", "--revision", "HEAD", "--format", "markdown", expect=1)
    said.shows("secret env:SMTP_QA → secret env:SMTP_OTHER", "reference changed (value not read)", f"`{line}`")
    bare.change(QA, "key: SMTP_OTHER", "key: SMTP_QA")
    bare.change(QA, "port: 587", "port: 2587")
    said = bare.run("plan", "qa", "--against", "HEAD~3", expect=None)
    said.shows("reference unchanged (value not read)", "587 → 2587")


def test_what_a_guard_would_hold_is_held_here_too_with_its_waiver(bare: Bench) -> None:
    mode = "mode: test-list\n    testList:\n      - {name: CRM testers, address: crm-test@example.com}"
    bare.change("environments/qa/apps.yaml", mode, "mode: set-in-app")
    said = bare.run("plan", "qa", "--against", "HEAD~1", expect=4)
    said.shows("test list → real users", "recipients-widened", "kind: Waiver")
    bare.run("plan", "qa", "--against", "HEAD~1", "--app", "CRM", expect=None)


def test_a_pattern_stands_for_the_apps_that_it_catches(bare: Bench) -> None:
    bare.run("plan", "qa", "--against", "HEAD").shows("Portal*")


def test_a_base_that_is_wrong_or_without_the_stage_is_as_if_nothing_were_there(bare: Bench) -> None:
    whole = bare.read(QA)
    bare.write(QA, whole.replace("port: 587", "port: 99999"))
    bare.write(QA, whole)
    said = bare.run("plan", "qa", "--against", "HEAD~1", "--detailed-exitcode", expect=None)
    said.shows("as if nothing were there", "reference not applied yet (value not read)")


def test_it_is_no_plan_that_could_be_applied(bare: Bench) -> None:
    bare.run("plan", "--against", "HEAD", "--out", "plan.json", expect=2).shows("--against")
    said = bare.run("plan", "qa", "--against", "HEAD", "--format", "json")
    bare.write("made.json", said.out)
    bare.run("apply", "made.json", expect=None).hides("read back equal")
    assert bare.ledger() == []


def test_an_unknown_base_is_named(bare: Bench) -> None:
    bare.run("plan", "--against", "no-such-branch", expect=1).shows("no-such-branch")

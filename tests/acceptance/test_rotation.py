"""Rotation and write-only drift: rotated in the store means sent once, overwritten outside means healed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.acceptance.bench import PASSWORD, Bench
from tests.acceptance.conftest import MakeBench

ROTATED = "acceptance-rotated-password"
MASKING = ("guid-pending", "transport-security")
"""Secrets read back as asterisks, and as null; both tell when they were written."""
UNDATED = ("guid-live", "guid-per-stage")
"""Null and asterisks, and `updatedAt` is always null."""
SAFE = "sync: {automated: true, selfHeal: recipients}"


@pytest.fixture(params=MASKING)
def masked(make_bench: MakeBench, request: pytest.FixtureRequest) -> Bench:
    """A bench under a masking profile whose QA stage is as Git wants it."""
    bench = settled(make_bench(request.param))
    bench.run("target", "discover", "--write")  # now that a secret is set, it is seen that its writes are dated
    bench.commit("Use the platform's dates")
    return settled(bench)


def settled(bench: Bench) -> Bench:
    bench.run("apply", "qa")
    return bench


def test_rotated_in_the_store_means_exactly_one_patch_by_the_next_run(masked: Bench) -> None:
    before = masked.mark()
    masked.run("apply", "qa", "--automatic").shows("nothing was to be done")
    assert masked.ledger(before) == []
    masked.environment["STAGEMAIL_SMTP_QA"] = ROTATED
    masked.run("plan", "qa", "--detailed-exitcode", expect=3).shows("secret env:SMTP_QA rotated")
    masked.run("apply", "qa", "--automatic").shows("qa: read back equal").hides(ROTATED)
    patches = {where: count for (method, where), count in masked.writes(before).items() if method == "PATCH"}
    assert patches == {"QA": 1}
    assert masked.platform.secret_equals("QA", "password", ROTATED, "CRM")
    before = masked.mark()
    masked.run("apply", "qa", "--automatic").shows("nothing was to be done")
    assert masked.ledger(before) == []


def test_overwritten_in_the_portal_is_told_and_healed(masked: Bench) -> None:
    masked.platform.set("QA", "password", "typed-by-hand")
    year = "secret overwritten outside at 20"
    masked.run("plan", "qa", "--detailed-exitcode", expect=3).shows(year)
    masked.run("drift", "qa", expect=3).shows(year, "another value (secrets are never read)")
    before = masked.mark()
    masked.run("apply", "qa", "--automatic").shows("drift; sync.selfHeal is recipients")
    assert masked.ledger(before) == []
    text = masked.read("stagemail.yaml")
    assert SAFE in text
    masked.write("stagemail.yaml", text.replace(SAFE, SAFE.replace("recipients", "all")))
    masked.run("apply", "qa", "--automatic").shows("qa: read back equal")
    assert masked.writes(before)["PATCH", "QA"] == 1
    assert masked.platform.secret_equals("QA", "password", PASSWORD, "CRM")
    masked.run("plan", "qa", "--detailed-exitcode")


@pytest.mark.parametrize("profile", UNDATED)
def test_without_evidence_it_says_that_an_overwrite_cannot_be_seen_and_a_rotation_still_is(
    make_bench: MakeBench, profile: str
) -> None:
    bench = settled(make_bench(profile))
    bench.run("plan", "qa", "--detailed-exitcode").shows("an overwrite outside cannot be detected")
    before = bench.mark()
    bench.platform.set("QA", "password", "typed-by-hand")
    bench.run("plan", "qa", "--detailed-exitcode").shows("an overwrite outside cannot be detected")
    bench.environment["STAGEMAIL_SMTP_QA"] = ROTATED
    bench.run("apply", "qa", "--automatic").shows("qa: read back equal")
    assert bench.writes(before)["PATCH", "QA"] == 1


def test_an_overwrite_that_waits_in_apps_is_seen_where_the_mapping_says_so(make_bench: MakeBench) -> None:
    bench = settled(make_bench("guid-pending"))
    text = bench.read("odc-mapping.yaml")
    assert text.count("secretEvidence: none") >= 1
    bench.write("odc-mapping.yaml", text.replace("secretEvidence: none", "secretEvidence: valueSetAfterDeploy"))
    settled(bench)
    bench.run("plan", "qa", "--detailed-exitcode").hides("cannot be detected")
    bench.platform.set("QA", "password", "typed-by-hand", pending=True)
    bench.run("plan", "qa", "--detailed-exitcode", expect=3).shows("secret overwritten outside")
    before = bench.mark()
    bench.run("apply", "qa").shows("qa: read back equal")
    assert bench.writes(before)["PATCH", "QA"] == 1
    assert bench.platform.secret_equals("QA", "password", PASSWORD, "CRM")
    settled(bench)
    bench.run("plan", "qa", "--detailed-exitcode")


def test_after_losing_the_record_the_secret_is_unverified_and_not_sent(masked: Bench) -> None:
    for path in masked.repository.glob("stagemail.db*"):
        path.unlink()
    before = masked.mark()
    masked.run("apply", "qa").shows("nothing was to be done")
    masked.run("plan", "qa").shows("never written by us", "stagemail secrets push")
    assert masked.ledger(before) == []
    masked.environment["STAGEMAIL_SMTP_QA"] = ROTATED
    masked.run("apply", "qa", "--automatic").shows("qa: read back equal")
    assert masked.writes(before)["PATCH", "QA"] == 1
    assert masked.platform.secret_equals("QA", "password", ROTATED, "CRM")


def test_secrets_status_ends_with_what_an_admin_waits_for(masked: Bench) -> None:
    live = "the store's value live in 5 of 5 apps: the value before may be revoked"
    said = masked.run("secrets", "status", "qa").shows("env:SMTP_QA", "environments/qa/email.yaml:11:5", live)
    said.shows("targets.odc.credentials.clientSecret", "its old value dies at once", "stagemail.yaml:")
    masked.environment["STAGEMAIL_SMTP_QA"] = ROTATED
    said = masked.run("secrets", "status", "qa", expect=3).shows("the platform has another value than the store")
    said.shows("keep the value before").hides(ROTATED, "may be revoked")
    masked.run("apply", "qa")
    data = json.loads(masked.run("secrets", "status", "qa", "--format", "json").out)
    assert data["secrets"][0]["liveIn"][0] | {"state": "live", "live": 5, "apps": 5} == data["secrets"][0]["liveIn"][0]
    masked.unset("STAGEMAIL_SMTP_QA")
    masked.run("secrets", "status", "qa", expect=1).shows("cannot be read", "set STAGEMAIL_SMTP_QA")


def test_plan_and_status_say_that_the_api_clients_own_secret_runs_out(bench: Bench) -> None:
    reference = "clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET"
    soon = (datetime.now(UTC) + timedelta(days=5)).date()
    bench.change("stagemail.yaml", reference, f"{reference}, expires: {soon}")
    warning = f"clientSecret of target odc: secret env:ODC_CLIENT_SECRET runs out on {soon}: renew it now"
    bench.run("plan", "qa").shows("Credentials that run out", warning)
    bench.run("status", "qa", expect=3).shows(f"expiry: {warning}")
    bench.run("status", "qa", "--record-only", expect=None).shows(f"expiry: {warning}")


def test_a_new_fingerprint_key_writes_nothing_and_what_cannot_be_read_is_said(masked: Bench) -> None:
    key = (masked.repository / "stagemail.db.key").read_bytes()
    before = masked.mark()
    masked.run("secrets", "rotate-key").shows("1 of 1 fingerprints made again")
    assert (masked.repository / "stagemail.db.key").read_bytes() != key
    masked.run("apply", "qa", "--automatic").shows("nothing was to be done")
    masked.unset("STAGEMAIL_SMTP_QA")
    said = masked.run("secrets", "rotate-key", expect=5)
    said.shows("unverified from now on: qa authentication.password", "set STAGEMAIL_SMTP_QA", "0 of 1")
    masked.environment["STAGEMAIL_SMTP_QA"] = PASSWORD
    masked.run("apply", "qa", "--automatic").shows("nothing was to be done")
    assert masked.ledger(before) == []


def test_a_saved_plan_is_refused_once_its_secret_was_rotated(masked: Bench, tmp_path: Path) -> None:
    masked.environment["STAGEMAIL_SMTP_QA"] = ROTATED
    file = tmp_path / "qa.json"
    masked.run("plan", "qa", "--out", str(file))
    assert ROTATED not in file.read_text(encoding="utf-8")
    masked.environment["STAGEMAIL_SMTP_QA"] = "acceptance-third-password"
    before = masked.mark()
    said = masked.run("apply", str(file), expect=1)
    said.shows("the secret env:SMTP_QA was rotated in its store; nothing was written", "make the plan again")
    assert masked.ledger(before) == []
    masked.environment["STAGEMAIL_SMTP_QA"] = ROTATED
    masked.run("apply", str(file)).shows("qa: read back equal")


def test_a_plan_whose_words_are_a_password_is_not_saved_and_says_why(applied: Bench, tmp_path: Path) -> None:
    file = tmp_path / "qa.json"
    for word in ("true", "authentication.password"):
        applied.environment["STAGEMAIL_SMTP_QA"] = word
        said = applied.run("plan", "qa", "--out", str(file), expect=1)
        said.shows("the plan was not saved", "Rotate it to a long random value")
        assert not file.exists()
    applied.run("apply", "qa").shows("qa: read back equal")

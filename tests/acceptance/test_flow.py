"""The main job from the first look at a platform to nothing left to do, under every profile."""

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.acceptance.bench import PASSWORD, Bench
from tests.acceptance.conftest import MakeBench

from odc_emulator.profiles import PROFILES
from odc_emulator.sink import MailSink, SinkSettings

WITHOUT = tuple(name for name, profile in PROFILES.items() if not profile.test_list_in_api)
WITH = tuple(name for name in PROFILES if name not in WITHOUT)
APPS = {"Development": 5, "QA": 5, "Production": 4}
NAMES = ("Billing", "CRM", "FieldApp", "Portal", "PortalAdmin")


def least(profile: str, *, narrowing: bool) -> Counter[tuple[str, str]]:
    """The least writes that make a new organization as the sample wants it.

    Where recipients are narrowed, that is made live before the stage's settings change: a second ApplyConfigs.
    """
    found: Counter[tuple[str, str]] = Counter()
    for stage, count in APPS.items():
        found["PATCH", stage] += 1
        for app in NAMES:
            if count == 4 and app == "FieldApp":
                continue
            if narrowing and stage != "Production":
                found["PATCH", f"{stage}/{app}"] += 1
                found["POST", f"{stage}/{app}"] += 1
            if not PROFILES[profile].stage_patch_propagates:
                found["POST", f"{stage}/{app}"] += 1
    return found


def is_done(bench: Bench) -> None:
    """Status is ready, and planning again finds nothing."""
    bench.run("status").shows("development Ready", "qa Ready", "production Ready")
    empty = json.loads(bench.run("plan", "--detailed-exitcode", "--format", "json").out)
    assert [plan["steps"] for plan in empty["plans"]] == [[], [], []]
    before = bench.mark()
    bench.run("apply").shows("nothing was to be done")
    assert bench.mark() == before


@pytest.mark.parametrize("profile", WITH)
def test_the_main_job_needs_the_least_possible_writes(make_bench: MakeBench, profile: str) -> None:
    bench = make_bench(profile, discovered=False)
    bench.run("target", "discover", "--write").shows("server.host", "recipients.testList")
    bench.commit("Map our fields to the platform's")
    bench.run("validate").shows("stages: development, production, qa")
    bench.run("plan", "--detailed-exitcode", expect=3).shows("smtp.example.com", "crm-test@example.com")
    assert bench.mark() == 0
    bench.run("apply").shows("qa: read back equal, live on 5 of 5 apps", "production: read back equal, live on 4 of 4")
    assert bench.writes() == least(profile, narrowing=True)
    assert bench.platform.live("QA", "CRM")["senderAddress"] == "no-reply@qa.example.com"
    assert bench.platform.secret_equals("QA", "password", PASSWORD, "CRM")
    assert bench.platform.secret_equals("Production", "password", PASSWORD, "Portal")
    is_done(bench)


@pytest.mark.parametrize("profile", WITHOUT)
def test_a_test_list_that_the_api_does_not_show_is_refused_with_the_portals_steps(
    make_bench: MakeBench, profile: str
) -> None:
    bench = make_bench(profile)
    steps = "in the ODC Portal select the app, open the email section"
    bench.run("validate", expect=1).shows("environments/qa/email.yaml:14:5", steps)
    bench.run("plan", "qa", expect=1).shows(steps)
    bench.run("apply", "qa", expect=1).shows(steps, "nothing was written")
    assert bench.ledger() == []


@pytest.mark.parametrize("profile", WITHOUT)
def test_a_test_list_is_noted_where_the_mapping_calls_it_unsupported(make_bench: MakeBench, profile: str) -> None:
    bench = make_bench(profile)
    bench.change("odc-mapping.yaml", "unsupported: []", "unsupported: [recipients.mode, recipients.testList]")
    bench.run("validate")
    bench.run("plan", "qa").shows("recipients.testList", "declared unsupported in the mapping")
    bench.run("apply")
    assert bench.writes() == least(profile, narrowing=False)
    is_done(bench)


@pytest.mark.parametrize("profile", ["guid-pending", "transport-security"])
def test_mail_of_an_app_arrives_at_its_test_list_only(make_bench: MakeBench, profile: str, tmp_path: Path) -> None:
    settings = SinkSettings(tmp_path / "mail", user="mailer@example.com", password=PASSWORD)
    with MailSink(settings) as sink:
        resolve = {"smtp.example.com:587": f"127.0.0.1:{sink.port}"}
        bench = make_bench(profile, resolve=resolve, ca_file=settings.directory / "ca.pem")
        assert not bench.platform.send("QA", "CRM", ["customer@customer.example"])["sent"]
        bench.run("apply", "qa")
        for app in ("CRM", "Billing"):
            people = {"cc": ["boss@customer.example"], "bcc": ["archive@customer.example"]}
            report = bench.platform.send("QA", app, ["customer@customer.example"], **people)
            assert report["sent"], report
        got = [(message["to"], message["From"], message["tls"]) for message in sink.inbox()]
    sender = "Example QA <no-reply@qa.example.com>"
    assert got == [(["crm-test@example.com"], sender, True), (["qa@example.com"], sender, True)]

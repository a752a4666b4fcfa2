"""Two stages side by side, from Git alone and as they run."""

import json

from tests.acceptance.bench import Bench


def test_what_differs_in_git_needs_no_platform_and_no_credential(bench: Bench) -> None:
    bench.unset("STAGEMAIL_ODC_CLIENT_SECRET")
    before = bench.platform.reads()
    said = bench.run("compare", "qa", "production", expect=3)
    said.shows("Not meant to differ", "FieldApp bound", "sender.address (the sender says which stage it is)")
    assert max(map(len, said.out.splitlines())) <= 80
    assert bench.platform.reads() == before


def test_only_what_is_not_meant_to_differ_is_an_exit_code(bench: Bench) -> None:
    bench.change("environments/qa/apps.yaml", ", FieldApp]", "]")
    bench.change(
        "environments/production/apps.yaml",
        'apps: [CRM, Billing, "Portal*"]',
        'apps: [CRM, Billing, PortalAdmin, "Portal*"]',
    )
    bench.run("compare", "qa", "production").shows("Meant to differ").hides("Not meant to differ")
    bench.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    data = json.loads(bench.run("compare", "qa", "production", "--format", "json", expect=3).out)
    unmeant = [found["field"] for found in data["comparison"]["differences"] if not found["meant"]]
    assert unmeant == ["server.port"]
    bench.run("compare", "qa", "production", "--revision", "HEAD~1")


def test_an_operator_file_declares_what_else_is_meant_to_differ(bench: Bench) -> None:
    declared = "compare: {meantToDiffer: {bound: apps come one by one}, meantToBeEqual: [sender.address]}\n"
    bench.write("stagemail.yaml", bench.read("stagemail.yaml") + declared)
    data = json.loads(bench.run("compare", "qa", "production", "--format", "json", expect=3).out)
    meant = {found["field"]: found["meant"] for found in data["comparison"]["differences"]}
    assert meant["bound"] == "apps come one by one"
    assert meant["sender.address"] == ""
    bench.change("stagemail.yaml", "[sender.address]", "[sender.adress]")
    bench.run("compare", "qa", "production", expect=1).shows("no stage has a field `sender.adress`", "sender.address")


def test_what_runs_is_compared_with_live(applied: Bench) -> None:
    before = applied.mark()
    said = applied.run("compare", "development", "qa", "--live", expect=3)
    said.shows("on the platform, as it runs", "authentication.type", "server.host")
    said.hides("acceptance-smtp-password")
    assert applied.mark() == before


def test_a_stage_is_not_compared_with_itself_or_with_none(bench: Bench) -> None:
    bench.run("compare", "qa", "qa", expect=2).shows("name two stages")
    bench.run("compare", "qa", "nowhere", expect=2).shows("known stages")

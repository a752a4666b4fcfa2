"""The calls of a run, counted by the platform's own books, beside the formula of docs/reference/calls.md."""

import json
from collections import Counter
from dataclasses import dataclass
from math import ceil

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import Benches

from odc_emulator.seed import generated_seed

APPS, BOUND = 4, 2
"""Apps on every stage, and how many of them bindings manage."""
_OPERATOR = """apiVersion: stagemail/v1
kind: Operator
source: {path: environments}
state: sqlite:///stagemail.db
targets:
  odc:
    type: odc
    domain: DOMAIN
    credentials: {clientId: stagemail-ci, clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET}}}
stages:
  development: {target: odc, environment: Development, purpose: development, sync: {automated: true}}
  qa: {target: odc, environment: Stage01, purpose: non-production, sync: {automated: true}}
  production: {target: odc, environment: Production, purpose: production, sync: {automated: true}}
secretStores: {env: {type: env, prefix: STAGEMAIL_}}
guards: {development: {massChange: NONE}, non-production: {massChange: NONE}, production: {massChange: NONE}}
"""
_EMAIL = """apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {name: relay}
spec:
  server: {host: smtp.example.com, port: 587}
  sender: {name: Calls, address: no-reply@example.com}
  recipients: {mode: test-list, testList: [{name: Team, address: team@example.com}]}
---
apiVersion: stagemail/v1
kind: AppBinding
metadata: {name: apps}
spec: {apps: [App0001, App0002]}
"""
STAGES = ("development", "qa", "production")


@dataclass(frozen=True)
class Calls:
    """What reached the platform: reads by API domain, and writes by method."""

    portfolios: int = 0
    configurations: int = 0
    deployments: int = 0
    patches: int = 0
    posts: int = 0


@pytest.fixture
def organization(make_bench: Benches) -> Bench:
    """Three stages of four apps, two of them bound; nothing was ever written."""
    bench = make_bench(discovered=False, seed=generated_seed(APPS, len(STAGES)))
    describe(bench, "[App0001, App0002]")
    bench.run("target", "discover", "--write")
    bench.commit("Describe three stages")
    return bench


def describe(bench: Bench, apps: str) -> None:
    """Write an operator file of the three stages, and on each the same settings and a binding of these apps."""
    bench.git("rm", "-rq", "environments")
    operator = _OPERATOR.replace("DOMAIN", bench.emulator.url)
    bench.write("stagemail.yaml", operator.replace("NONE", "{absolute: 1000, relative: 100%}"), commit=False)
    for stage in STAGES:
        text = _EMAIL.replace("[App0001, App0002]", apps)
        bench.write(f"environments/{stage}/email.yaml", text, commit=False)


def counted(bench: Bench, *arguments: str, expect: int | None = 0) -> Calls:
    """Run a command, and give what it asked of the platform."""
    before, mark = Counter(bench.platform.reads()), len(bench.platform.ledger())
    bench.run(*arguments, expect=expect)
    reads = Counter(bench.platform.reads()) - before
    writes = Counter(row["method"] for row in bench.platform.ledger()[mark:])
    return Calls(
        reads["portfolios"], reads["asset-configurations"], reads["deployments"], writes["PATCH"], writes["POST"]
    )


LISTING = 3
"""One portfolio, its stages, one page of its assets: for all stages of a run together."""


def test_a_run_reads_the_listings_once_each_stage_once_and_each_bound_app_once(organization: Bench) -> None:
    assert counted(organization, "plan") == Calls(LISTING, len(STAGES) * (1 + BOUND))
    assert counted(organization, "plan", "qa") == Calls(LISTING, 1 + BOUND)


def test_status_tells_the_shortest_interval_by_what_a_look_costs(organization: Bench) -> None:
    organization.run("plan")  # what was never applied is Not ready: status says so by its exit code
    look = counted(organization, "drift", expect=None)
    for named in ([], ["qa"]):
        data = json.loads(organization.run("status", *named, "--format", "json", expect=3).out)
        [watch] = data["watch"]
        assert watch["cost"]["calls"] == {"asset-configurations": look.configurations, "portfolios": look.portfolios}
        assert watch["cost"]["allowed"] == {"asset-configurations": 80, "portfolios": 80}
        assert (watch["decides"], watch["seconds"]) == ("asset-configurations", ceil(look.configurations / 80 * 61))
        assert watch["stages"] == sorted(STAGES)
    told = (
        "drift on odc can be watched every 7s at the shortest: 3 stages, 9 calls to asset-configurations at 80 in 61 s"
    )
    organization.run("status", expect=3).shows(told)
    organization.run("status", "--record-only", expect=None).hides("can be watched")


def test_what_a_broken_stage_would_cost_is_left_out_of_the_interval(organization: Bench) -> None:
    organization.write("environments/qa/broken.yaml", "kind: Nothing\n")
    said = organization.run("status", expect=None)
    said.shows("every 5s at the shortest: 2 stages, without qa, 6 calls")


def test_an_apply_with_nothing_to_do_asks_what_a_plan_asks(applied: Bench) -> None:
    assert counted(applied, "apply") == counted(applied, "plan") == Calls(LISTING, len(STAGES) * (1 + BOUND))


def test_a_changed_stage_is_written_once_and_every_app_of_it_made_live_once(applied: Bench) -> None:
    applied.change("environments/qa/email.yaml", "smtp.example.com", "smtp2.example.com")
    calls = counted(applied, "apply", "qa")
    assert (calls.portfolios, calls.patches, calls.posts) == (LISTING, 1, APPS)
    assert calls.configurations == (1 + BOUND) + 1 + 2 * APPS


def test_a_changed_app_is_written_and_made_live_once_and_no_other_app_is_touched(applied: Bench) -> None:
    applied.change("environments/qa/email.yaml", "apps: [App0001", "except: [App0009], apps: [App0001")
    applied.change("environments/qa/email.yaml", "team@", "testers@")
    calls = counted(applied, "apply", "qa")
    assert (calls.portfolios, calls.patches, calls.posts) == (LISTING, BOUND, BOUND)
    assert calls.configurations == (1 + BOUND) + 3 * BOUND


@pytest.fixture
def applied(organization: Bench) -> Bench:
    """All stages are as Git wants them, by runs that left nothing open."""
    organization.run("apply")
    return organization


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_nothing_new_in_git_is_no_call(applied: Bench, verb: str) -> None:
    assert counted(applied, verb, "--if-changed") == Calls()
    said = applied.run(verb, "qa", "production", "--if-changed")
    said.shows("production: nothing is new in Git since run", "The platform was not asked")
    assert max(map(len, said.out.splitlines())) <= 80
    applied.write("README.md", "Unrelated.\n")
    assert counted(applied, verb, "--automatic", "--if-changed") == Calls()
    assert counted(applied, verb, "--revision", "HEAD", "--if-changed") == Calls()


def _document(bench: Bench) -> None:
    bench.change("environments/qa/email.yaml", "name: Calls", "name: Called")


def _new_file(bench: Bench) -> None:
    text = _EMAIL.partition("---\n")[2].replace("name: apps", "name: more").replace("App0001, App0002", "App0004")
    bench.write("environments/qa/more.yaml", text, commit=False)


def _operator_file(bench: Bench) -> None:
    bench.change("stagemail.yaml", "automated: true", "automated: false")


def _mapping(bench: Bench) -> None:
    bench.write("odc-mapping.yaml", bench.read("odc-mapping.yaml") + "# looked at\n")


def _record(bench: Bench) -> None:
    for path in bench.repository.glob("stagemail.db*"):
        path.unlink()


@pytest.mark.parametrize("anything", [_document, _new_file, _operator_file, _mapping, _record])
def test_whatever_a_run_stood_on_is_new_when_it_changes(organization: Bench, anything) -> None:
    organization.run("apply", "qa")
    assert counted(organization, "plan", "qa", "--if-changed") == Calls()
    anything(organization)
    assert counted(organization, "plan", "qa", "--if-changed", expect=None) != Calls()


def test_a_run_that_left_something_undone_is_looked_at_again(applied: Bench) -> None:
    applied.change("environments/qa/email.yaml", "mode: test-list, testList: [{name: Team, address: team@example.com}]",
                   "mode: set-in-app")  # fmt: skip
    applied.run("apply", "qa", expect=4)
    assert counted(applied, "apply", "qa", "--if-changed", expect=4) != Calls()
    assert counted(applied, "plan", "development", "--if-changed") == Calls()


def test_going_back_to_an_earlier_commit_is_new(organization: Bench) -> None:
    applied = organization
    applied.run("apply", "qa")
    applied.change("environments/qa/email.yaml", "name: Calls", "name: Called")
    applied.run("apply", "qa")
    applied.change("environments/qa/email.yaml", "name: Called", "name: Calls")
    assert counted(applied, "plan", "qa", "--if-changed") != Calls()

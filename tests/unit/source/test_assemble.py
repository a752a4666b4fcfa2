"""What documents mean together: stages, claims, defaults, what blocks whom, what needs an operator file."""

from collections.abc import Mapping
from datetime import date

import pytest

from stagemail.document import Document, read
from stagemail.errors import InvalidInput
from stagemail.model import email
from stagemail.model.location import Location, Place
from stagemail.model.problem import Problem
from stagemail.model.revision import Loaded
from stagemail.model.secret import SecretRef
from stagemail.model.snapshot import Capabilities, Desired
from stagemail.ports import Check
from stagemail.resources.operator import Operator
from stagemail.source.assemble import Checks
from stagemail.source.assemble_fields import mailbox, place_of
from stagemail.source.memory import MemorySource
from stagemail.source.operator_file import load_operator

OPERATOR_TEXT = """
apiVersion: stagemail/v1
kind: Operator
targets:
  odc: {type: odc, domain: example.outsystems.dev,
        credentials: {clientId: ci, clientSecret: {secretRef: {store: env, key: ODC}}}}
stages:
  development: {target: odc, environment: Development, purpose: development,
                folders: [environments/development, environments/shared]}
  qa: {target: odc, environment: QA, purpose: non-production, folders: [environments/qa, environments/shared]}
  production: {target: odc, environment: Production, purpose: production}
secretStores: {env: {type: env}}
"""
CONF = """
apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {name: relay}
spec:
  server: {host: smtp.example.com}
  recipients: {mode: set-in-app}
"""
BINDING = """
apiVersion: stagemail/v1
kind: AppBinding
metadata: {name: apps}
spec:
  apps: [CRM]
"""


@pytest.fixture(scope="module", name="operator")
def _operator() -> Operator:
    return load_operator(OPERATOR_TEXT.encode(), "stagemail.yaml")


def load(files: Mapping[str, str], operator: Operator | None, checks: Checks | None = None) -> Loaded:
    encoded = {f"environments/{path}": text.encode() for path, text in files.items()}
    return MemorySource(encoded, operator, today=date(2026, 6, 1), checks=checks).load()


def everywhere(**more: str) -> dict[str, str]:
    files = {f"{stage}/email.yaml": CONF for stage in ("development", "qa", "production")}
    return {**files, **{path.replace("__", "/") + ".yaml": text for path, text in more.items()}}


def codes(loaded: Loaded) -> list[str]:
    return [problem.code for problem in loaded.problems]


def test_what_is_left_out_gets_its_default(operator: Operator) -> None:
    configuration = load(everywhere(), operator).stages["qa"].configuration
    assert configuration is not None
    assert configuration.fields == {
        email.HOST: "smtp.example.com",
        email.PORT: 25,
        email.SECURITY: "starttls",
        email.AUTH_TYPE: "none",
        email.RECIPIENTS_MODE: "set-in-app",
    }


def test_secrets_become_references_and_recipients_mailboxes(operator: Operator) -> None:
    text = """
apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {name: relay}
spec:
  server: {host: smtp.example.com, port: 587, security: tls}
  authentication:
    type: oauth2
    tokenUrl: https://login.example.com/token
    clientId: mailer
    clientSecret: {secretRef: {store: env, key: SMTP, field: secret, version: "7", expires: 2030-01-31}}
  sender: {address: a@example.com}
  recipients:
    mode: test-list
    testList: [{name: "Müller, QA", address: qa@example.com}, {address: b@example.com}]
"""
    configuration = load({**everywhere(), "qa/email.yaml": text}, operator).stages["qa"].configuration
    assert configuration is not None
    assert configuration.fields[email.CLIENT_SECRET] == SecretRef("env", "SMTP", "secret", "7", "2030-01-31")
    assert configuration.fields[email.SCOPES] == ()
    assert configuration.fields[email.SENDER_ADDRESS] == "a@example.com"
    assert email.SENDER_NAME not in configuration.fields
    assert configuration.fields[email.TEST_LIST] == ('"Müller, QA" <qa@example.com>', "b@example.com")
    assert email.USERNAME not in configuration.fields


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("QA team", "QA team <qa@example.com>"),
        ("QA, team", '"QA, team" <qa@example.com>'),
        ('A "B" \\ C', '"A \\"B\\" \\\\ C" <qa@example.com>'),
        ("Jörg", "Jörg <qa@example.com>"),
        ("x@evil.example", '"x@evil.example" <qa@example.com>'),
    ],
)
def test_a_mailbox_is_quoted_where_rfc_5322_asks_for_it(name: str, written: str) -> None:
    assert mailbox({"name": name, "address": "qa@example.com"}) == written
    assert email.address_of(written) == "qa@example.com"


def test_one_configuration_serves_several_stages_from_a_shared_folder(operator: Operator) -> None:
    shared = CONF.replace("spec:\n", "spec:\n  stages: [qa, development]\n")
    loaded = load({"shared/email.yaml": shared, "production/email.yaml": CONF}, operator)
    assert codes(loaded) == []
    assert loaded.stages["qa"].configuration == loaded.stages["development"].configuration is not None


def test_both_places_are_named_where_two_configurations_claim_a_stage(operator: Operator) -> None:
    loaded = load(everywhere(qa__other=CONF.replace("relay", "other")), operator)
    (problem,) = loaded.problems
    assert problem.code == "duplicate-configuration"
    assert str(problem.location) == "environments/qa/other.yaml:4:12"
    assert [str(place) for place in problem.related] == ["environments/qa/email.yaml:4:12"]
    assert set(loaded.blocked) == {"qa"}


def test_a_problem_blocks_its_own_stage_and_the_others_go_on(operator: Operator) -> None:
    loaded = load({**everywhere(), "qa/email.yaml": CONF.replace("host:", "hots:")}, operator)
    assert set(loaded.blocked) == {"qa"}
    assert loaded.blocked["qa"].startswith("1 problem in its documents, first environments/qa/email.yaml:6:12: unknown")
    assert loaded.stages["production"].configuration is not None


def test_a_broken_document_of_a_shared_folder_blocks_all_that_share_it(operator: Operator) -> None:
    loaded = load(everywhere(shared__apps=BINDING.replace("apps: [CRM]", "apps: CRM")), operator)
    assert set(loaded.blocked) == {"qa", "development"}


def test_a_broken_document_that_names_its_stage_blocks_only_that(operator: Operator) -> None:
    loaded = load(everywhere(shared__apps=BINDING.replace("apps: [CRM]", "stages: [qa]\n  apps: CRM")), operator)
    assert set(loaded.blocked) == {"qa"}


def test_a_file_that_is_no_yaml_blocks_all_that_share_its_folder(operator: Operator) -> None:
    loaded = load(everywhere(shared__apps="a: [\n"), operator)
    assert set(loaded.blocked) == {"qa", "development"}


def test_a_claim_from_outside_blocks_the_claiming_folder_and_not_the_claimed_stage(operator: Operator) -> None:
    loaded = load(everywhere(development__x=BINDING.replace("spec:\n", "spec:\n  stages: [production]\n")), operator)
    assert codes(loaded) == ["stage-outside-folder"]
    assert set(loaded.blocked) == {"development"}
    assert loaded.stages["production"].bindings == ()


@pytest.mark.parametrize("text", ["", "# nothing\n", "a: [\n"])
def test_an_empty_or_broken_stage_is_blocked_and_never_read_as_removed(operator: Operator, text: str) -> None:
    loaded = load({**everywhere(), "qa/email.yaml": text}, operator)
    assert set(loaded.blocked) == {"qa"}
    assert loaded.stages["production"].configuration is not None


def test_a_stage_whose_folder_is_missing_is_blocked_and_told_how_to_leave(operator: Operator) -> None:
    files = everywhere()
    del files["qa/email.yaml"]
    loaded = load(files, operator)
    (problem,) = loaded.problems
    assert problem.code == "empty-stage"
    assert str(problem.location) == "environments/qa"
    assert "out of the operator file" in problem.remedy
    assert set(loaded.blocked) == {"qa"}


@pytest.mark.parametrize(
    "files",
    [{}, {"qa/email.txt": CONF}, {"qa/email.yaml": "a: [\n"}, {"qa/email.yaml": "a: [\n", "qa/b.yaml": "kind: X\n"},
     {"qa/a.yaml": ""}],
    ids=["empty", "no readable file", "all broken", "all wrong", "no document"],
)  # fmt: skip
def test_nothing_usable_at_all_is_an_error_that_says_what_to_do(files: dict[str, str], operator: Operator) -> None:
    with pytest.raises(InvalidInput, match="removed"):
        load(files, operator)
    with pytest.raises(InvalidInput, match="removed"):
        load(files, None)


def test_a_follow_up_of_a_broken_configuration_is_not_reported(operator: Operator) -> None:
    loaded = load(
        {**everywhere(qa__apps=BINDING), "qa/email.yaml": CONF.replace("CRM", "x").replace("host", "hots")}, operator
    )
    assert set(codes(loaded)) == {"unknown-field"}


def test_the_same_problem_in_two_stages_is_reported_once_and_blocks_both(operator: Operator) -> None:
    text = CONF.replace("spec:\n", "spec:\n  stages: [qa, development]\n")
    text += "  authentication: {type: basic, username: a, password: {secretRef: {store: vault, key: K}}}\n"
    loaded = load({"shared/email.yaml": text, "production/email.yaml": CONF}, operator)
    assert codes(loaded) == ["unknown-store"]
    assert set(loaded.blocked) == {"qa", "development"}


def test_an_exact_name_beside_a_pattern_and_two_different_patterns_are_left_to_the_planner(operator: Operator) -> None:
    more = BINDING.replace("apps}", "more}").replace("[CRM]", '["CR*", "C*"]')
    assert codes(load(everywhere(qa__apps=BINDING, qa__more=more), operator)) == []


def test_an_expired_waiver_is_a_warning_and_blocks_nothing(operator: Operator) -> None:
    waiver = """
apiVersion: stagemail/v1
kind: Waiver
metadata: {name: pilot}
spec: {allow: recipients-widened, to: set-in-app, reason: CHG-1, expires: 2026-06-01}
"""
    loaded = load(everywhere(qa__waivers=waiver), operator)
    assert [(p.code, p.severity) for p in loaded.problems] == [("waiver-expired", "warning")]
    assert loaded.blocked == {}
    assert loaded.stages["qa"].waivers[0].expires == "2026-06-01"


def test_what_the_target_refuses_is_located_at_the_nearest_line_that_exists(operator: Operator) -> None:
    def check(desired: Desired) -> Check:
        assert desired.configuration is not None
        problem = Problem(Location("?"), "odc-port-25", "port left out means 25; ODC refuses 25:", "write `port: 587`.")
        return Check(Capabilities({}), ((place_of(desired.configuration, email.PORT), problem),))

    loaded = load(everywhere(), operator, {"qa": check})
    (problem,) = loaded.problems
    assert str(problem) == (
        "environments/qa/email.yaml:6:3: port left out means 25; ODC refuses 25: write `port: 587`."
    )
    assert set(loaded.blocked) == {"qa"}


def test_a_blocked_stage_shows_what_its_target_refuses_in_the_same_go(operator: Operator) -> None:
    def check(desired: Desired) -> Check:
        assert desired.configuration is not None
        problem = Problem(Location("?"), "refused", "no:", "yes.")
        return Check(Capabilities({}), ((desired.configuration.place, problem),))

    loaded = load(everywhere(qa__apps=BINDING.replace("apps: [CRM]", "apps: CRM")), operator, {"qa": check})
    assert codes(loaded) == ["wrong-type", "refused"]


def test_a_stage_without_one_good_document_is_not_checked_by_its_target(operator: Operator) -> None:
    def check(_desired: Desired) -> Check:
        raise AssertionError("asked about nothing")

    load({**everywhere(), "qa/email.yaml": CONF.replace("host:", "hots:")}, operator, {"qa": check})


def test_without_an_operator_file_the_folder_is_the_stage_and_what_is_not_checked_is_named() -> None:
    loaded = load(
        {
            "qa/email.yaml": CONF
            + "  authentication: {type: basic, username: a, password: {secretRef: {store: x, key: K}}}\n",
            "shared/apps.yaml": BINDING.replace("spec:\n", "spec:\n  stages: [qa, development]\n"),
            "development/email.yaml": CONF,
        },
        None,
    )
    (note,) = loaded.problems
    assert (note.code, note.severity) == ("no-operator-file", "note")
    assert "secret stores" in note.message
    assert sorted(loaded.stages) == ["development", "qa"]
    assert [binding.name for binding in loaded.stages["development"].bindings] == ["apps"]
    assert loaded.blocked == {}


def test_a_folder_of_environments_can_be_the_root() -> None:
    loaded = MemorySource({"qa/email.yaml": CONF.encode()}, None, today=date(2026, 6, 1), base="").load()
    assert sorted(loaded.stages) == ["qa"]


def test_a_document_beside_the_stages_folders_belongs_to_none(operator: Operator) -> None:
    assert codes(load(everywhere(stray=CONF), operator)) == ["folder-of-no-stage"]
    assert "folder-of-no-stage" in codes(load(everywhere(stray=CONF), None))
    assert load(everywhere(stray=CONF), operator).blocked == {}


def test_the_order_of_files_does_not_matter(operator: Operator) -> None:
    files = everywhere(qa__b=BINDING, qa__a=BINDING.replace("apps}", "other}").replace("CRM", "Billing"))
    assert load(files, operator).stages == load(dict(reversed(files.items())), operator).stages


def test_places_count_documents_from_the_first() -> None:
    documents, _ = read((CONF + "---" + BINDING).encode(), "environments/qa/x.yaml")
    assert [(type(d), d.index) for d in documents] == [(Document, 0), (Document, 1)]
    loaded = load({"qa/x.yaml": CONF + "---" + BINDING}, None)
    assert loaded.stages["qa"].bindings[0].place == Place("environments/qa/x.yaml", 1)


@pytest.mark.parametrize(
    ("today", "code"), [("2026-12-30", "authentication-retires"), ("2026-12-31", "authentication-retired")]
)
def test_a_login_that_its_provider_retires_is_a_warning_with_its_day_and_source(today: str, code: str) -> None:
    text = CONF.replace("smtp.example.com", "smtp.office365.com").replace(
        "  recipients",
        "  authentication: {type: basic, username: m, password: {secretRef: {store: env, key: K}}}\n  recipients",
    )
    source = MemorySource({"environments/qa/email.yaml": text.encode()}, None, today=date.fromisoformat(today))
    found = [problem for problem in source.load().problems if problem.code == code]
    assert [finding.severity for finding in found] == ["warning"]
    assert "2026-12-31" in found[0].message and "https://" in found[0].remedy

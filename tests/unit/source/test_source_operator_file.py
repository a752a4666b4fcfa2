"""The operator file: loaded with its defaults, or refused with every problem and its line."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel

from stagemail.errors import InvalidInput, NotFound
from stagemail.model.grant import Grant
from stagemail.model.policy import HELD_BY_DEFAULT
from stagemail.model.secret import SecretRef
from stagemail.resources.operator import Operator
from stagemail.resources.plugins import Registries, built_in
from stagemail.resources.policy import grants_of, policy_of, secret_ref
from stagemail.resources.stores.local import EnvStore, FileStore
from stagemail.resources.targets import OdcTarget
from stagemail.source.operator_file import load_operator

REPOSITORY = Path(__file__).resolve().parents[3]
MINIMAL = """apiVersion: stagemail/v1
kind: Operator
targets:
  odc:
    type: odc
    domain: example.outsystems.dev
    credentials: {clientId: ci, clientSecret: {secretRef: {store: env, key: ODC, version: "3"}}}
stages:
  qa: {target: odc, environment: QA, purpose: non-production}
secretStores:
  env: {type: env}
"""


def problems(text: str, registries: Registries | None = None) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load_operator(text.encode(), "stagemail.yaml", registries)
    assert caught.value.problems
    return [str(problem) for problem in caught.value.problems]


def edited(old: str, new: str) -> str:
    assert old in MINIMAL
    return MINIMAL.replace(old, new)


def load(text: str = MINIMAL) -> Operator:
    return load_operator(text.encode(), "stagemail.yaml")


def test_the_sample_is_a_valid_operator_file() -> None:
    operator = load_operator((REPOSITORY / "stagemail.yaml").read_bytes(), "stagemail.yaml")
    assert sorted(operator.stages) == ["development", "production", "qa"]
    assert isinstance(operator.secret_stores["file"], FileStore)
    assert operator.folders() == ("environments",)
    assert operator.folders_of("production") == ("environments/production",)


def test_what_is_left_out_gets_its_default() -> None:
    operator = load()
    target = operator.targets["odc"]
    assert isinstance(target, OdcTarget)
    assert (target.share, target.read_only, target.mapping, target.portfolio_names) == (
        0.8,
        False,
        "odc-mapping.yaml",
        (),
    )
    assert isinstance(operator.secret_stores["env"], EnvStore)
    assert operator.secret_stores["env"].prefix == "STAGEMAIL_"
    assert (operator.state, operator.source.path, operator.grants, operator.own_domains) == (
        "sqlite:///stagemail.db", "environments", [], [],
    )  # fmt: skip
    assert operator.stages["qa"].sync.heal_after == 0
    assert operator.folders_of("qa") == ("environments/qa",)


@pytest.mark.parametrize(("text", "seconds"), [("0s", 0), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172800)])
def test_a_duration_is_read_as_seconds(text: str, seconds: int) -> None:
    stage = f"purpose: non-production, sync: {{healAfter: {text}}}}}"
    assert load(edited("purpose: non-production}", stage)).stages["qa"].sync.heal_after == seconds


@pytest.mark.parametrize(("text", "share"), [("80%", 0.8), ('"0.5"', 0.5), ("100%", 1.0), ("1", 1.0)])
def test_a_share_is_read_as_a_number(text: str, share: float) -> None:
    target = load(edited("    domain", f"    share: {text}\n    domain")).targets["odc"]
    assert isinstance(target, OdcTarget)
    assert target.share == share


@pytest.mark.parametrize("text", ["0%", "0", "2", "101%", "-1"])
def test_a_share_of_nothing_or_of_more_than_all_is_refused(text: str) -> None:
    assert problems(edited("    domain", f"    share: {text}\n    domain"))


def test_a_policy_holds_the_default_hazards_and_those_of_the_purpose() -> None:
    text = MINIMAL + "guards:\n  non-production:\n    hold: [uncovered-app]\n    warn: [takeover]\n"
    text += "    massChange: {absolute: 3, relative: 5%}\n  production: {hold: [production-test-list-on]}\n"
    policy = policy_of(load(text), "qa", automatic=True)
    assert policy.hold == (HELD_BY_DEFAULT | {"uncovered-app"}) - {"takeover"}
    assert (policy.mass_absolute, policy.mass_relative, policy.automatic) == (3, 0.05, True)
    assert (policy.stage, policy.purpose, policy.self_heal, policy.automated) == (
        "qa",
        "non-production",
        "recipients",
        False,
    )


def test_a_policy_without_guards_is_the_default() -> None:
    policy = policy_of(load(MINIMAL + "ownDomains: [QA.example.com, example.com]\n"), "qa", automatic=False)
    assert policy.hold == HELD_BY_DEFAULT
    assert policy.own_domains == ("example.com", "qa.example.com")


def test_a_policy_of_an_unknown_stage_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean `qa`"):
        policy_of(load(), "qs", automatic=False)


def test_references_and_grants_become_the_models_own() -> None:
    text = MINIMAL + 'grants:\n  - {stages: [qa], store: env, keys: "SMTP_*", destinations: ["smtp.example.com:587"]}\n'
    operator = load(text)
    target = operator.targets["odc"]
    assert isinstance(target, OdcTarget)
    assert secret_ref(target.credentials.client_secret) == SecretRef("env", "ODC", version="3")
    assert grants_of(operator) == (Grant(("qa",), "env", "SMTP_*", ("smtp.example.com:587",)),)


def test_every_problem_is_reported_in_one_go_with_its_line() -> None:
    text = MINIMAL.replace("purpose: non-production", "purpose: test").replace("domain:", "domian:")
    first, second = problems(text)
    assert first == "stagemail.yaml:6:5: unknown field `domian`: did you mean `domain`?"
    assert second.startswith('stagemail.yaml:9:38: `purpose` is none of the choices, found `"test"`: write one of: dev')


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", MINIMAL + "---\n" + MINIMAL, "kind: Waiver\n", "[]\n", "a: [\n"]
)
def test_a_file_that_is_no_operator_file_is_refused(text: str) -> None:
    assert problems(text)


def test_a_password_in_the_state_is_refused_and_not_shown() -> None:
    text = MINIMAL + "state: postgresql://stagemail:hunter2@db.example.com/stagemail\n"
    (problem,) = problems(text)
    assert "hunter2" not in problem
    assert "statePassword" in problem
    assert load(text.replace(":hunter2", "")).state == "postgresql://stagemail@db.example.com/stagemail"


def test_a_literal_client_secret_is_refused_and_not_shown() -> None:
    (problem,) = problems(edited('{secretRef: {store: env, key: ODC, version: "3"}}', "hunter2-literal"))
    assert "hunter2" not in problem
    assert "secretRef" in problem


class OtherStore(BaseModel):
    type: Literal["other"]
    address: str


def test_a_store_of_a_plugin_is_judged_by_its_own_model() -> None:
    registries = Registries(built_in().targets, {**built_in().stores, "other": OtherStore})
    text = edited("  env: {type: env}", "  env: {type: other, address: x}")
    operator = load_operator(text.encode(), "stagemail.yaml", registries)
    assert operator.secret_stores["env"] == OtherStore(type="other", address="x")
    assert "address" in problems(edited("  env: {type: env}", "  env: {type: other}"), registries)[0]
    assert "other" in problems(text)[0]


@pytest.mark.parametrize("domain", ["http://127.0.0.1:8080", "example.outsystems.dev:8443"])
def test_a_domain_may_name_a_port_and_plain_http_on_loopback(domain: str) -> None:
    target = load(edited("example.outsystems.dev", domain)).targets["odc"]
    assert isinstance(target, OdcTarget)
    assert target.domain == domain


@pytest.mark.parametrize("folder", ["../x", "/etc", "environments/../../x", ".", "a//b", "a/", "a\\b", ".git/x", ""])
def test_a_folder_outside_the_repository_is_refused(folder: str) -> None:
    assert problems(edited("purpose: non-production}", f"purpose: non-production, folders: ['{folder}']}}"))


def test_two_targets_may_have_environments_of_equal_names() -> None:
    second = MINIMAL.split("targets:\n")[1].split("stages:\n", maxsplit=1)[0].replace("  odc:", "  other:")
    text = edited("stages:\n", second + "stages:\n  dev: {target: other, environment: QA, purpose: development}\n")
    assert sorted(load(text).stages) == ["dev", "qa"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (edited("example.outsystems.dev", "ex\u0430mple.outsystems.dev"), "CYRILLIC SMALL LETTER A"),
        (MINIMAL + "guards:\n  prodcution: {hold: []}\n", "did you mean `production`?"),
        (edited("example.outsystems.dev", "ex\u0430mple.outsystems.dev"), "CYRILLIC SMALL LETTER A"),
        (MINIMAL + "guards:\n  production: {hold: [takeovr]}\n", "did you mean `takeover`?"),
        (edited("  qa: {", "  QA Stage: {"), "lower-case letters"),
        (edited("  env: {type: env}", "  env: {type: env, prefix: lower}"), "capital letters"),
    ],
)
def test_a_name_or_choice_that_is_none_is_explained_where_it_stands(text: str, words: str) -> None:
    assert any(words in problem for problem in problems(text))


GRANT = 'grants: [{stages: [qa], store: env, keys: K, destinations: ["smtp.example.com:587"]}]\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            edited("purpose: non-production}", "purpose: non-production, dependsOn: [dev]}"),
            "9:75: no stage is called `dev`",
        ),
        (edited("store: env", "store: evn"), "7:60: no secret store is called `evn`: did you mean `env`?"),
        (
            MINIMAL.split("secretStores", maxsplit=1)[0],
            "7:60: no secret store is called `env`: the operator file defines no secret store",
        ),
        (MINIMAL + GRANT.replace("store: env", "store: enf"), "12:25: no secret store is called `enf`"),
        (MINIMAL + GRANT.replace("[qa]", "[qs]"), "12:20: no stage is called `qs`: did you mean `qa`?"),
        (
            MINIMAL + GRANT.replace("smtp.example.com:587", "smtp.example.com"),
            "12:61: `smtp.example.com` is no destination",
        ),
        (MINIMAL + GRANT.replace("smtp.example.com:587", "http://a.example/token"), "only https://"),
        (MINIMAL + "ownDomains: [example.com, '@example.com']\n", "12:27: `@example.com` is no mail domain"),
        (edited("non-production}", "non-production, dependsOn: [qa]}"), "stages wait for each other: qa → qa"),
    ],
)
def test_what_the_parts_of_the_file_say_of_each_other_must_be_there(text: str, problem: str) -> None:
    assert any(problem in found for found in problems(text)), problems(text)


@pytest.mark.parametrize("destination", ["[2001:db8::25]:587", "10.0.0.25:25", "https://login.example.com/token"])
def test_a_destination_is_a_server_with_its_port_or_a_token_url(destination: str) -> None:
    assert len(load(MINIMAL + GRANT.replace("smtp.example.com:587", destination)).grants) == 1


def test_the_folders_to_read_hold_every_stage_and_none_twice() -> None:
    text = edited("purpose: non-production}", "purpose: non-production, folders: [environments/qa, mail/shared]}")
    assert load(text).folders() == ("environments", "mail/shared")
    root = load(MINIMAL + "source: {path: .}\n")
    assert (root.folders(), root.folders_of("qa")) == (("qa",), ("qa",))


@pytest.mark.parametrize(
    ("written", "names"),
    [("portfolio: Main", ("Main",)), ("portfolios: [Main, Retail]", ("Main", "Retail"))],
)
def test_portfolios_are_named_one_way_or_the_other(written: str, names: tuple[str, ...]) -> None:
    target = load(edited("    domain", f"    {written}\n    domain")).targets["odc"]
    assert isinstance(target, OdcTarget)
    assert target.portfolio_names == names
    both = edited("    domain", "    portfolio: Main\n    portfolios: [Main]\n    domain")
    assert problems(both) == ["stagemail.yaml:4:3: `portfolio` and `portfolios` are both given: keep one of them."]


STORES = {
    "vault": "address: 'https://v:8200', login: {method: token, variable: T}",
    "aws-secrets-manager": "region: eu-central-1",
    "aws-parameter-store": "region: eu-central-1",
    "google-secret-manager": "project: example-mail",
    "azure-key-vault": "vaultUrl: 'https://v.example.com'",
    "kubernetes": "namespace: mail",
}


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("nothing", ["0s", "0h0m", "00s"])
def test_a_store_that_would_never_be_waited_for_is_refused(kind: str, nothing: str) -> None:
    written = edited("env: {type: env}", f"env: {{type: {kind}, {STORES[kind]}, timeout: NOTHING}}")
    load(written.replace("NOTHING", "1s"))
    (problem,) = problems(written.replace("NOTHING", nothing))
    assert problem.startswith("stagemail.yaml:11:") and "a duration of at least a second" in problem


@pytest.mark.parametrize(
    "part",
    [
        "controller: {poll: 0s}",
        "controller: {observe: 0s}",
        "journal: {branch: j, key: {secretRef: {store: env, key: J}}, every: 0s}",
        "dns: {timeout: 0s}",
    ],
)
def test_nothing_is_done_without_a_pause(part: str) -> None:
    (problem,) = problems(f"{MINIMAL}{part}\n")
    assert "a duration of at least a second" in problem
    load(f"{MINIMAL}{part}\n".replace("0s", "1s"))

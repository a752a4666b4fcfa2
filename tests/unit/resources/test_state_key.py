"""A record that machines share has a key, and one in PostgreSQL a password; both by reference only."""

import pytest

from stagemail.errors import InvalidInput
from stagemail.source.operator_file import load_operator

OPERATOR = """\
apiVersion: stagemail/v1
kind: Operator
state: {state}
{key}
targets:
  odc:
    type: odc
    domain: example.outsystems.dev
    credentials: {{clientId: ci, clientSecret: {{secretRef: {{store: env, key: ODC}}}}}}
stages:
  development: {{target: odc, environment: Development, purpose: development}}
secretStores:
  env: {{type: env}}
"""
KEY = "stateKey: {secretRef: {store: env, key: RECORD_KEY}}"


def problems(state: str, key: str) -> list[str]:
    try:
        load_operator(OPERATOR.format(state=state, key=key).encode(), "stagemail.yaml")
    except InvalidInput as error:
        return [f"{problem.location.line} {problem.code}" for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("state", "key", "expected"),
    [
        ("git-branch:stagemail-record", KEY, []),
        ("sqlite:///stagemail.db", "", []),
        ("git-branch:stagemail-record", "", ["3 missing-field"]),
        ("sqlite:///stagemail.db", KEY, ["4 wrong-settings"]),
        ("git-branch:stagemail-record", KEY.replace("env", "vault"), ["4 unknown-store"]),
        ("postgresql://ann@db/mail", "", []),
        ("postgresql://ann@db/mail", KEY, []),
        ("postgresql://ann@db/mail?sslmode=verify-full", KEY.replace("Key", "Password"), []),
        ("postgresql://ann@db/mail", KEY.replace("Key", "Password").replace("env", "vault"), ["4 unknown-store"]),
        ("postgresql://ann@db/mail?password=hunter2-hunter2", "", ["3 literal-secret"]),
        ("sqlite:///stagemail.db", KEY.replace("Key", "Password"), ["4 wrong-settings"]),
        ("postgresql://ann@db/mail", "statePassword: hunter2-hunter2", ["4 literal-secret"]),
        ("git-branch:stagemail-record", "stateKey: 0123456789abcdef0123456789abcdef", ["4 literal-secret"]),
    ],
)
def test_the_key_is_asked_for_where_it_is_needed_and_refused_elsewhere(
    state: str, key: str, expected: list[str]
) -> None:
    assert problems(state, key) == expected


def test_a_key_written_out_is_not_repeated() -> None:
    literal = "0123456789abcdef0123456789abcdef"
    with pytest.raises(InvalidInput) as caught:
        load_operator(OPERATOR.format(state="git-branch:x", key=f"stateKey: {literal}").encode(), "stagemail.yaml")
    assert literal not in str(caught.value) + "".join(str(problem) for problem in caught.value.problems)

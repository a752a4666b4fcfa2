"""The name of a branch is refused where the file is judged, and not only when Git is asked for it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.errors import InvalidInput, UsageError
from stagemail.git.arguments import safe_branch
from stagemail.resources.text import BRANCH_RULE
from stagemail.source.operator_file import load_operator

OPERATOR = """\
apiVersion: stagemail/v1
kind: Operator
state: {state}
source: {{url: "https://git.example.com/mail.git", branch: {source}}}
targets:
  odc:
    type: odc
    domain: example.outsystems.dev
    credentials: {{clientId: ci, clientSecret: {{secretRef: {{store: env, key: ODC}}}}}}
stages:
  development: {{target: odc, environment: Development, purpose: development}}
secretStores:
  env: {{type: env}}
{more}
"""
JOURNAL = "journal: {{branch: {}, key: {{secretRef: {{store: env, key: JOURNAL_KEY}}}}}}"
KEY = "stateKey: {secretRef: {store: env, key: RECORD_KEY}}"
GOOD = ["main", "a", "release/2.x", "stagemail-journal", "v1.0-rc", "feature/a_b", "prüfung"]
BAD = [
    "../x",
    "/x",
    "x/",
    "a..b",
    "a//b",
    ".x",
    "a/.b",
    "x.",
    "x.lock",
    "x.lock/y",
    "a b",
    "a~1",
    "a^",
    "a:b",
    "-x",
    "@",
]


def problems(*, state: str = "sqlite:///x.db", source: str = "main", more: str = "") -> list[str]:
    try:
        load_operator(OPERATOR.format(state=state, source=source, more=more).encode(), "stagemail.yaml")
    except InvalidInput as error:
        return [f"{problem.code} {problem.message} {problem.remedy}" for problem in error.problems]
    return []


@pytest.mark.parametrize("name", GOOD)
def test_names_that_git_takes_are_taken(name: str) -> None:
    assert problems(source=name, more=JOURNAL.format(name)) == []
    assert problems(state=f"git-branch:{name}", more=KEY) == []


@pytest.mark.parametrize("name", BAD)
def test_names_that_git_refuses_are_refused_in_the_file(name: str) -> None:
    for said in (problems(source=f'"{name}"'), problems(more=JOURNAL.format(f'"{name}"'))):
        assert len(said) == 1, said
        assert "`git check-ref-format --branch NAME`" in said[0]
    (said_of_state,) = problems(state=f'"git-branch:{name}"', more=KEY)
    assert "git-branch:BRANCH" in said_of_state


@given(st.text(st.sampled_from("ab.-/@{}~ \\:*[lock\x7fé"), min_size=1, max_size=9))
def test_the_file_takes_what_the_git_layer_takes_and_nothing_else(name: str) -> None:
    try:
        taken = bool(safe_branch(name))
    except UsageError:
        taken = False
    assert taken == bool(re.search(f"^{BRANCH_RULE}", name))

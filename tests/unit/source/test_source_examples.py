"""Every example under tests/examples: valid ones are clean, an invalid one shows the problem it is named after."""

import re
from datetime import date
from pathlib import Path

import pytest

from stagemail.errors import InvalidInput
from stagemail.model.problem import Problem
from stagemail.resources.app_binding import AppBinding
from stagemail.resources.email_configuration import EmailConfiguration
from stagemail.resources.operator import Operator
from stagemail.resources.waiver import Waiver
from stagemail.source.finding import MEANING_CODES, OPERATOR_CODES, SHAPE_CODES
from stagemail.source.memory import MemorySource
from stagemail.source.operator_file import load_operator

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
INVALID = sorted((EXAMPLES / "invalid").glob("*.yaml"))
VALID = sorted((EXAMPLES / "valid").glob("*.yaml"))
TODAY = date(2026, 1, 1)
OPERATOR = load_operator((EXAMPLES / "operator.yaml").read_bytes(), "operator.yaml")
NOT_A_FILE = {"empty-stage", "no-operator-file"}
"""Problems of a repository, not of a file; shown in test_assemble.py."""
KINDS = {"EmailConfiguration": EmailConfiguration, "AppBinding": AppBinding, "Waiver": Waiver, "Operator": Operator}


def problems_of(path: Path) -> list[Problem]:
    text = path.read_text(encoding="utf-8")
    if "kind: Operator" in text and path.stem != "operator-in-source":
        try:
            load_operator(path.read_bytes(), path.name)
        except InvalidInput as error:
            return list(error.problems)
        return []
    where = re.search(r"^# path: (.*)$", text, re.MULTILINE)
    name = where[1] if where else "environments/qa/x.yaml"
    files = {name: path.read_bytes()}
    for stage in ("qa", "development"):
        if not name.startswith(f"environments/{stage}/"):
            files[f"environments/{stage}/email.yaml"] = (EXAMPLES / "valid" / "minimal.yaml").read_bytes()
    try:
        loaded = MemorySource(files, OPERATOR, today=TODAY).load()
    except InvalidInput as error:
        return list(error.problems)
    return list(loaded.problems)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_example_has_no_problem(path: Path) -> None:
    assert [str(problem) for problem in problems_of(path)] == []


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_example_shows_exactly_the_problem_that_it_expects(path: Path) -> None:
    expected = re.findall(r"^# expect: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    found = problems_of(path)
    assert [f"{p.location.line}:{p.location.column} {p.code}" for p in found] == expected, [str(p) for p in found]
    assert path.stem in {problem.code for problem in found}
    assert all(problem.remedy for problem in found), "every problem says what to write instead"


def test_every_code_has_an_example_of_its_own() -> None:
    assert {path.stem for path in INVALID} | NOT_A_FILE == {*SHAPE_CODES, *MEANING_CODES, *OPERATOR_CODES}


def test_no_message_ever_shows_what_stands_in_a_secret_field() -> None:
    (problem,) = problems_of(EXAMPLES / "invalid" / "literal-secret.yaml")
    assert "hunter2" not in str(problem)
    assert "secretRef" in problem.remedy

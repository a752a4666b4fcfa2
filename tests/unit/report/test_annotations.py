"""Annotations of GitHub Actions: each problem is one command, whatever is in it."""

import re

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import PROBLEMS

from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.report.annotations import annotations

COMMAND = re.compile(r"::(error|warning|notice) ([^:\r\n]*)::([^\r\n]*)\n")


def unescaped(text: str) -> str:
    """As the runner reads it (actions/runner, ActionCommand)."""
    for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def test_problems_are_annotated_as_in_the_golden_file() -> None:
    assert_golden("annotations.txt", annotations(PROBLEMS))


def test_percent_colon_and_comma_are_escaped() -> None:
    text = annotations([Problem(Location("a,b:c%.yaml", 1, 2), "code", "50% of: this, that")])
    assert text == "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=code::50%25 of: this, that\n"


def test_a_line_break_in_a_value_starts_no_command_of_its_own() -> None:
    text = annotations([Problem(Location("a.yaml", 1, 1), "code", "bad\n::stop-commands::x\r\n::add-mask::y")])
    assert text.count("\n") == 1
    assert text.startswith("::error ")


@given(path=st.text(min_size=1), message=st.text(), line=st.integers(0, 10**6))
def test_every_problem_is_one_line_that_the_runner_reads_back(path: str, message: str, line: int) -> None:
    text = annotations([Problem(Location(path, line, 1), "code", message)])
    match = COMMAND.fullmatch(text)
    assert match
    names = [part.split("=", 1)[0] for part in match[2].split(",")]
    assert names == (["file", "line", "col", "title"] if line else ["file", "title"])
    assert all(not char.isspace() or char == " " for char in unescaped(match[3]))


def test_errors_come_first_because_only_the_first_ten_are_shown() -> None:
    assert [line.split(" ")[0] for line in annotations(PROBLEMS).splitlines()] == [
        "::error",
        "::error",
        "::warning",
        "::notice",
    ]

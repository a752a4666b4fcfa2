"""Problems as a summary in Markdown."""

from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import PROBLEMS

from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.report.problems_markdown import problems_markdown


def test_problems_are_summed_up_as_in_the_golden_file() -> None:
    assert_golden("problems.md", problems_markdown(PROBLEMS))


def test_what_does_not_fit_is_counted() -> None:
    many = [Problem(Location("a.yaml", line, 1), "c", "wrong " * 10) for line in range(1, 1001)]
    text = problems_markdown(many, limit=5_000)
    assert len(text) <= 5_000
    assert "1000 errors" in text
    shown = text.count("| error |")
    assert f"{1000 - shown} more: `stagemail validate` shows all." in text


def test_no_problems_are_said() -> None:
    assert problems_markdown([]) == "### Validation: no problems\n"

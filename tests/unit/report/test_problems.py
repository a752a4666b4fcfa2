"""Problems as text: a line that an editor can jump to, and the counts."""

from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import PROBLEMS

from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.report.problems import problems_text


def test_problems_read_as_in_the_golden_file() -> None:
    assert_golden("problems.txt", problems_text(PROBLEMS))


def test_the_order_of_input_does_not_matter_and_repetitions_are_said_once() -> None:
    assert problems_text((*reversed(PROBLEMS), PROBLEMS[0])) == problems_text(PROBLEMS)


def test_a_problem_is_file_line_column_message_and_what_to_write_instead() -> None:
    first = problems_text(PROBLEMS[:1], width=200).splitlines()[0]
    assert first == "environments/qa/email.yaml:7:11: `prot` is not a field, write `port`  [unknown-field]"


def test_a_message_that_ends_its_sentence_gets_no_comma() -> None:
    text = problems_text([Problem(Location("a.yaml", 1, 1), "c", "it is wrong.", "Write it right.")], width=200)
    assert "it is wrong. Write it right." in text


def test_no_problems_are_said_and_not_left_out() -> None:
    assert problems_text([]) == "no problems\n"


def test_a_hostile_path_or_value_cannot_act_on_the_terminal() -> None:
    text = problems_text([Problem(Location("a\x1b[2J\n.yaml", 1, 1), "c", "value \x9b31m \u2066 is odd", "")])
    assert not {"\x1b", "\x9b", "\u2066"} & set(text)
    assert "a\\x1b[2J\\n.yaml:1:1:" in text


def test_a_remedy_that_is_a_sentence_of_its_own_follows_a_full_stop() -> None:
    text = problems_text([Problem(Location("a.yaml", 1, 1), "c", "it is wrong", "Write it right.")], width=200)
    assert "it is wrong. Write it right." in text

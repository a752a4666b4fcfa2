"""Two stages side by side in words and as JSON."""

import json

from tests.unit.report.golden import assert_golden

from stagemail.model import email
from stagemail.model.secret import SecretRef
from stagemail.report.compare import Comparison, Difference, comparison_json, comparison_text
from stagemail.report.sheet import cells

FOUND = Comparison(
    "qa",
    "production",
    "a" * 40,
    7,
    (
        Difference("", email.HOST, "smtp-qa.example.com", "smtp.example.com", "each stage may have a relay of its own"),
        Difference("", email.PORT, 587, 2525),
        Difference("", email.PASSWORD, SecretRef("env", "SMTP_QA"), SecretRef("file", "smtp"), "credentials"),
        Difference("FieldApp", "bound", True, False),
    ),
)


def test_a_comparison_in_words() -> None:
    text = comparison_text(FOUND)
    assert max(map(cells, text.splitlines())) <= 80
    assert_golden("compare.txt", text)


def test_equal_stages_in_words() -> None:
    text = comparison_text(Comparison("qa", "uat", "", 9, ()))
    assert text == "qa and uat on the platform, as it runs: nothing differs (9 fields are the same)\n"


def test_a_comparison_as_json() -> None:
    data = json.loads(comparison_json(FOUND))
    assert (data["kind"], data["unmeant"], len(data["comparison"]["differences"])) == ("comparison", 2, 4)


def test_no_value_acts_on_the_terminal() -> None:
    evil = Difference("\x1b]0;x\x07", email.HOST, "a\r\nb", "\u202ec")
    text = comparison_text(Comparison("qa", "uat", "", 0, (evil,)))
    assert "\\x1b]0;x\\x07" in text
    assert "\\r\\n" in text
    assert "\u202e" not in text

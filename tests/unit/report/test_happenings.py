"""The controller's lines for people: what is worth one."""

from datetime import UTC, datetime

from stagemail.model.happening import Led, Looked
from stagemail.report.happenings import happening_text

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
HELD = "the branch was rolled back"


def test_a_branch_that_is_held_is_told_once_and_one_that_is_away_each_time() -> None:
    assert HELD in happening_text(Looked("source", NOW, 0.1, "a" * 40, is_new=True, error=HELD))
    assert happening_text(Looked("source", NOW, 0.1, "a" * 40, error=HELD)) == ""
    assert happening_text(Looked("source", NOW, 0.1, "a" * 40)) == ""
    assert "away" in happening_text(Looked("source", NOW, 0.1, error="away"))


def test_a_controller_says_whether_it_leads() -> None:
    assert "this controller leads" in happening_text(Led(NOW))
    assert "another controller leads" in happening_text(Led(NOW, is_over=True))

"""The value that a waiver repeats is one line, can be typed, and stands for one value only."""

import pytest

from stagemail.planning.exact import exactly


@pytest.mark.parametrize("text", ["set-in-app", "12 of 30", "Größe <a@b.example>", "x" * 200])
def test_a_value_that_can_be_typed_is_itself(text: str) -> None:
    assert exactly(text) == text


@pytest.mark.parametrize("text", ["x" * 201, "CRM\n", "CRM\u200b", "CRM\u202e", " CRM", "\ud800"])
def test_any_other_value_is_its_start_and_its_digest(text: str) -> None:
    told = exactly(text)
    assert told.isprintable()
    assert len(told) < 200
    assert "… sha256:" in told
    assert exactly(text + "x" * 200) != told

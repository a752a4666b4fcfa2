"""Sentences of ours between pieces of code."""

import pytest

from stagemail.report.markdown import prose


@pytest.mark.parametrize("mark", [";", ",", ".", ":", ")", "?!"])
def test_a_mark_right_after_a_piece_of_code_stays_a_mark(mark: str) -> None:
    assert prose(f"run `stagemail plan`{mark} then look") == f"run `stagemail plan`{mark} then look"

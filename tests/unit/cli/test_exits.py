"""How the exit codes of several stages become one: 5 > 1 > 4 > 3 > 0."""

import pytest

from stagemail.cli.exits import combined


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 3], 3),
        ([3, 4], 4),
        ([1, 1], 1),
        ([1, 0], 5),
        ([1, 4], 5),
        ([1, 3], 5),
        ([5, 0], 5),
        ([5, 1], 5),
    ],
)
def test_the_worst_news_wins_and_half_a_success_is_five(codes: list[int], expected: int) -> None:
    assert combined(codes) == expected

"""What people give as a reason is one short line without a credential, or it is refused and not repeated."""

import pytest

from stagemail.errors import UsageError
from stagemail.wiring.reasons import LONGEST, judged


@pytest.mark.parametrize(
    "reason",
    [
        "", "CHG-1234 mail server moves", "=SUM(A1)", "the password was rotated: see CHG-12",
        "ü" * LONGEST, "https://tickets.example.com/CHG-1?a=b", "password: see the ticket",
    ],
)  # fmt: skip
def test_a_sentence_is_taken_as_it_is(reason: str) -> None:
    assert judged(reason) == reason


def test_spaces_around_it_are_not_kept() -> None:
    assert judged("  CHG-1 ") == "CHG-1"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("x" * (LONGEST + 1), "more than 500"),
        ("two\nlines", "one line"),
        ("a\x1b[31mred", "plain text"),
        ("egnirts\u202e", "plain text"),
        ("the new password: Sommer2026!", "credential"),
        ("smtp password=hunter2x for now", "credential"),
        ("client_secret = 'abc123def'", "credential"),
        ("ghp_0123456789abcdef0123", "credential"),
        ("see https://mailer:hunter2@relay.example.com/", "credential"),
    ],
)
def test_what_is_no_reason_is_refused_with_what_to_do_and_not_repeated(reason: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        judged(reason)
    assert said in caught.value.sentence and caught.value.hint
    for part in ("hunter2", "Sommer", "abc123", "ghp_", "\x1b", "\u202e", "\n"):
        assert part not in caught.value.sentence

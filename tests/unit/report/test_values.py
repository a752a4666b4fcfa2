"""Values and changes in words; secrets only by reference and version."""

from typing import get_args

import pytest

from stagemail.model.field import Value
from stagemail.model.secret import Masked, SecretRef, SecretState
from stagemail.model.step import Case, Change
from stagemail.report.values import CASES, change_text, value_text

V7, V8 = SecretState("env:SMTP_QA", "7", "aa"), SecretState("env:SMTP_QA", "8", "bb")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(not set)"),
        ("", "(empty)"),
        ((), "(empty)"),
        (True, "true"),
        (False, "false"),
        (587, "587"),
        ("starttls", "starttls"),
        (("A <a@example.com>", "b@example.com"), "A <a@example.com>, b@example.com"),
        (Masked(), "***"),
        (Masked(present=True), "***"),
        (Masked(present=False), "(not set)"),
        (SecretRef("env", "SMTP_QA", version="3"), "secret env:SMTP_QA@3"),
        (V7, "secret env:SMTP_QA (version 7)"),
        (SecretState("env:SMTP_QA"), "secret env:SMTP_QA"),
    ],
)
def test_a_value_in_words(value: Value, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("before", "after", "case", "text"),
    [
        (25, 587, "changed", "25 → 587"),
        (None, 587, "create", "(not set) → 587"),
        ("basic", "basic", "together", "basic"),
        (1, True, "changed", "1 → true"),
        (V7, V8, "rotated", "secret env:SMTP_QA rotated (version 7 → 8)"),
        (Masked(present=True), V8, "rotated", "secret env:SMTP_QA rotated (version 8)"),
        (Masked(present=False), V8, "create", "secret env:SMTP_QA set (version 8)"),
        (None, SecretState("file:x"), "create", "secret file:x set"),
        (Masked(), V8, "overwritten", "secret env:SMTP_QA written again (version 8)"),
        (Masked(), V8, "together", "secret env:SMTP_QA sent again (version 8)"),
        (Masked(present=True), V8, "takeover", "secret env:SMTP_QA replaces the one that is there (version 8)"),
        (V7, SecretState("env:OTHER", "1", "cc"), "changed", "secret env:SMTP_QA → secret env:OTHER"),
        (V7, None, "changed", "secret env:SMTP_QA (version 7) → (not set)"),
        (("a@x", "b@x"), ("b@x", "c@x"), "changed", "+ c@x, - a@x (1 stay)"),
        (("a@x", "b@x"), ("b@x", "a@x"), "changed", "b@x, a@x (another order)"),
        ((), ("a@x",), "create", "(empty) → a@x"),
    ],
)
def test_a_change_in_words(before: Value, after: Value, case: Case, text: str) -> None:
    assert change_text(Change("f", before, after, case)) == text


def test_no_fingerprint_is_ever_shown() -> None:
    text = value_text(V8) + change_text(Change("f", V7, V8, "rotated")) + change_text(Change("f", V8, None, "changed"))
    assert "aa" not in text
    assert "bb" not in text


def test_every_row_of_the_table_has_words() -> None:
    assert set(CASES) == set(get_args(Case))

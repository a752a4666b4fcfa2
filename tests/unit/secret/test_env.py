"""The env store reads prefixed names only."""

from pathlib import Path

import pytest

from stagemail.errors import InvalidInput
from stagemail.model.secret import SecretRef
from stagemail.secret.env import EnvStore, build


def test_the_key_with_the_prefix_is_the_variable() -> None:
    store = EnvStore("MAIL_", {"MAIL_SMTP_QA": "right", "SMTP_QA": "wrong", "STAGEMAIL_SMTP_QA": "wrong"})
    assert store.read(SecretRef("env", "SMTP_QA")).value.reveal() == "right"
    assert store.read(SecretRef("env", "SMTP_QA")).version == ""
    assert store.origin(SecretRef("env", "SMTP_QA")) == "environment variable MAIL_SMTP_QA"


def test_a_value_keeps_its_newlines() -> None:
    assert EnvStore("M_", {"M_A": "x\n"}).read(SecretRef("env", "A")).value.reveal() == "x\n"


@pytest.mark.parametrize("key", ["smtp_qa", "SMTP-QA", "SMTP=QA", "ÄRGER", "QA.X"])
def test_keys_are_capital_letters_digits_and_underscores(key: str) -> None:
    with pytest.raises(InvalidInput):
        EnvStore("M_", {f"M_{key}": "x"}).read(SecretRef("env", key))


@pytest.mark.parametrize("prefix", ["", "lower_", "1A", "A-", "A" * 65])
def test_an_empty_or_odd_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidInput, match="prefix"):
        build({"prefix": prefix}, Path(), {})

"""What makes a credential weak is said in fixed words, and never with the value."""

import pytest

from stagemail.model.secret import Secret, SecretRef
from stagemail.reconcile.granting import Use
from stagemail.reconcile.weakness import weak


def use(stage: str, key: str = "A") -> Use:
    return Use(stage, SecretRef("env", key), ("smtp.example.com:587",))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("short-1", "fewer than 12"),
        ("changeme", "placeholder"),
        ("Password123!", "placeholder"),
        ("123456789012", "placeholder"),
        ("Mailer@Example.com", "user name"),
        ("mailer", "user name"),
        ("long-and-random-9x2v\n", "line end"),
        (" long-and-random-9x2v", "line end"),
    ],
)
def test_a_weak_value_is_told_in_words_without_it(value: str, says: str) -> None:
    [told] = weak({use("qa"): Secret(value)}, {"qa": "mailer@example.com"}, frozenset())[use("qa")]
    assert says in told
    assert value.strip() not in told


def test_a_long_random_value_is_not_weak() -> None:
    assert weak({use("qa"): Secret("q7#LzT2v-Kd91mWx")}, {"qa": "mailer"}, frozenset())[use("qa")] == ()


def test_productions_value_in_a_lower_stage_is_told_on_both_and_two_lower_stages_may_share() -> None:
    secret = "q7#LzT2v-Kd91mWx"
    uses = {use("qa"): Secret(secret), use("dev"): Secret(secret), use("production", "B"): Secret(secret)}
    told = weak(uses, {}, frozenset({"production"}))
    assert told[use("qa")] == ("is the same as that of production: production's should be its own",)
    assert "dev, qa" in told[use("production", "B")][0]
    del uses[use("production", "B")]
    assert weak(uses, {}, frozenset({"production"})) == {use("qa"): (), use("dev"): ()}

"""A secret that rotates between plan and apply, and the words for it."""

import pytest

from stagemail.errors import StalePlan
from stagemail.reconcile.once import once, plan
from stagemail.report.plan_text import plan_text


def test_a_rotation_names_both_versions(house) -> None:
    once(house.request(), house.world())
    house.store.put("SMTP_QA", "second-password")
    text = " ".join(plan_text(plan(house.request(), house.world()).plan).split())
    assert "secret vault:SMTP_QA rotated (version 1 → 2)" in text


def test_a_new_version_with_the_same_value_is_adopted_and_not_sent(house) -> None:
    once(house.request(), house.world())
    house.store.put("SMTP_QA", "first-password")
    sent = len(house.target.ledger)
    assert once(house.request(), house.world()).outcomes == ()
    assert len(house.target.ledger) == sent
    state = house.record.applied("qa").by_key()[house.key].fields["authentication.password"].value
    assert state.version == "2"


@pytest.mark.parametrize("already", [False, True])
def test_a_saved_plan_is_refused_once_its_secret_rotated_and_both_versions_are_named(house, already) -> None:
    once(house.request(), house.world())
    if already:
        house.store.put("SMTP_QA", "second-password")
    saved = plan(house.request(), house.world()).plan
    house.store.put("SMTP_QA", "third-password")
    words = f"vault:SMTP_QA was rotated in its store .version {2 if already else 1} → {3 if already else 2}"
    sent = len(house.target.ledger)
    with pytest.raises(StalePlan, match=words):
        once(house.request(), house.world(), saved)
    assert len(house.target.ledger) == sent


def test_a_run_reads_each_secret_once_and_a_saved_plan_reads_it_again(house) -> None:
    saved = plan(house.request(), house.world()).plan
    once(house.request(), house.world(), saved)
    assert house.store.reads == ["vault:SMTP_QA", "vault:SMTP_QA"]

"""A new fingerprint key: nothing looks rotated that is not, what cannot be read is said, and nothing is written."""

from dataclasses import replace

import pytest

from stagemail.errors import Busy
from stagemail.model import email
from stagemail.model.secret import UNKNOWN
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.once import once, plan
from stagemail.reconcile.rekey import Keeper, rekey
from stagemail.reconcile.rotated import rotated_since

NEW = b"n" * 32


def changed(house):
    keeper = Keeper(house.record, house.world().credentials, house.clock, "test", ("organization",))
    return rekey(["qa", "production"], {"qa": house.desired()}, NEW, keeper)


def kept(house):
    return house.record.applied("qa").by_key()[house.key].fields[email.PASSWORD]


@pytest.fixture
def settled(house, monkeypatch):
    """The house once applied; its runs use the key that the record has."""
    old = house.world

    def world(owner: str = "test"):
        made = old(owner)
        given = made.credentials
        return replace(
            made, credentials=Credentials(given._stores, given._grants, house.record.fingerprint_key(), None)
        )

    monkeypatch.setattr(house, "world", world)
    once(house.request(), house.world())
    house.target.ledger.clear()
    return house


def test_every_fingerprint_is_made_again_and_nothing_looks_rotated(settled) -> None:
    before = kept(settled)
    (told,) = changed(settled)
    after = kept(settled)
    assert (told.stage, told.field, told.ref, told.version) == ("qa", email.PASSWORD, "vault:SMTP_QA", "1")
    assert told.unknown == ""
    assert settled.record.fingerprint_key() == NEW
    assert after.value.fingerprint not in (before.value.fingerprint, UNKNOWN)
    assert (after.value.version, after.verified, after.evidence) == ("1", True, before.evidence)
    assert once(settled.request(), settled.world()).outcomes == ()
    assert list(settled.target.ledger) == []
    settled.store.put("SMTP_QA", "second-password")
    once(settled.request(), settled.world())
    assert settled.target.holds(settled.apps["CRM"], email.PASSWORD, "second-password")


def test_what_cannot_be_read_is_unverified_with_its_version_and_said(settled) -> None:
    settled.store.deny("SMTP_QA")
    (told,) = changed(settled)
    assert "may not be read" in told.unknown
    assert (kept(settled).value.fingerprint, kept(settled).value.version, kept(settled).verified) == (
        UNKNOWN,
        "1",
        False,
    )
    settled.store._denied.clear()
    once(settled.request(), settled.world())
    assert list(settled.target.ledger) == []
    assert (kept(settled).value.fingerprint == UNKNOWN, kept(settled).verified) == (False, False)


def test_a_version_that_moved_on_meanwhile_is_still_a_rotation(settled) -> None:
    settled.store.deny("SMTP_QA")
    changed(settled)
    settled.store._denied.clear()
    settled.store.put("SMTP_QA", "second-password")
    once(settled.request(), settled.world())
    assert settled.target.holds(settled.apps["CRM"], email.PASSWORD, "second-password")


def test_a_rotation_that_waited_for_its_push_is_still_pushed(settled) -> None:
    settled.store.put("SMTP_QA", "second-password")
    (told,) = changed(settled)
    assert told.unknown == ""
    once(settled.request(), settled.world())
    assert settled.target.holds(settled.apps["CRM"], email.PASSWORD, "second-password")


def test_what_git_does_not_name_any_more_is_said(settled) -> None:
    settled.configured = False
    (told,) = changed(settled)
    assert told.unknown == "Git, as it is now, does not name it"


def test_a_run_that_is_under_way_is_not_disturbed(settled) -> None:
    settled.record.acquire("organization", "somebody", settled.clock.now(), 100)
    with pytest.raises(Busy, match="somebody"):
        changed(settled)
    assert settled.record.fingerprint_key() != NEW


def test_a_plan_saved_before_does_not_call_it_a_rotation(settled) -> None:
    saved = plan(settled.request(), settled.world()).plan
    changed(settled)
    assert list(rotated_since(saved, plan(settled.request(), settled.world()).plan)) == []

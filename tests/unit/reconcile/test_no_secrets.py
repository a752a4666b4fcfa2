"""A plan without credentials asks no store, and says of each secret only whether its reference changed."""

from dataclasses import replace

import pytest
from tests.unit.reconcile.conftest import House

from stagemail.model.secret import SecretRef
from stagemail.reconcile.once import once, plan


def _told(house: House) -> list[str]:
    made = plan(replace(house.request(), no_secrets=True), house.world()).plan
    return [note.message for note in made.notes if note.kind == "credentials-not-read"]


def test_no_store_is_asked_and_only_references_are_compared(house: House) -> None:
    assert _told(house) == ["reference not applied yet (value not read)"]
    assert house.store.reads == []
    once(house.request(), house.world())
    house.store.reads.clear()
    assert _told(house) == ["reference unchanged (value not read)"]
    for name, value in house.fields.items():
        if isinstance(value, SecretRef):
            house.fields[name] = replace(value, version="1")
    assert _told(house) == ["reference changed (value not read)"]
    assert house.store.reads == []


def test_a_grant_is_looked_at_all_the_same(house: House) -> None:
    for name, value in house.fields.items():
        if isinstance(value, SecretRef):
            house.fields[name] = replace(value, key="PRODUCTION_KEY")
    made = plan(replace(house.request(), no_secrets=True), house.world()).plan
    assert any("may not use the secret" in step.blocked for step in made.steps)
    assert house.store.reads == []


@pytest.mark.parametrize("push", [True, False])
def test_what_was_not_read_is_never_sent(house: House, push: bool) -> None:
    once(replace(house.request(), no_secrets=True, push=push), house.world())
    assert not any("authentication.password" in fields for _, _, fields in house.target.ledger)

"""What every record does whose fingerprint key can be changed: key and fingerprints together, or nothing."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.record.clocks import WallClock

from stagemail.errors import LeaseLost
from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.secret import REPLACED, UNKNOWN, SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry, Lease
from stagemail.record.memory import MemoryRecord
from stagemail.record.state import open_record

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NEW = bytes(range(32))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryRecord(bytes(32))
        return
    url = request.getfixturevalue("database") if request.param == "postgresql" else "sqlite:///record.db"
    with open_record(url, tmp_path, randomness=os.urandom, clock=WallClock()) as opened:
        yield opened


def resource(stage: str, *fingerprints: str) -> AppliedResource:
    fields = {f"secret-{n}": AppliedField(SecretState("env:A", "7", text), "e") for n, text in enumerate(fingerprints)}
    return AppliedResource(Key(stage, CONFIGURATION, "key"), stage, {"host": AppliedField("mail.example"), **fields})


def test_the_resources_that_are_given_are_kept_and_all_other_fingerprints_become_unknown(record: Any) -> None:
    record.append(
        [Entry(applied=resource("qa", "ab" * 16)), Entry(applied=resource("dev", "cd" * 16, "", REPLACED))], None
    )
    record.rekey(NEW, [resource("qa", "ef" * 16)], record.acquire("organization", "me", NOON, 60))
    assert record.fingerprint_key() == NEW
    assert record.applied("qa").resources == (resource("qa", "ef" * 16),)
    (other,) = record.applied("dev").resources
    assert other.fields["secret-0"] == AppliedField(SecretState("env:A", "7", UNKNOWN), "e", verified=False)
    assert other.fields["secret-1"] == AppliedField(SecretState("env:A", "7", ""), "e")
    assert other.fields["secret-2"] == AppliedField(SecretState("env:A", "7", REPLACED), "e")
    assert other.fields["host"] == AppliedField("mail.example")


def test_without_the_lease_nothing_changes(record: Any) -> None:
    old = record.fingerprint_key()
    record.append([Entry(applied=resource("qa", "ab" * 16))], None)
    with pytest.raises(LeaseLost):
        record.rekey(NEW, [], Lease("organization", "me", 7, NOON))
    assert record.fingerprint_key() == old
    assert record.applied("qa").resources == (resource("qa", "ab" * 16),)


def test_the_same_lease_goes_on_writing_with_the_new_key(record: Any) -> None:
    lease = record.acquire("organization", "me", NOON, 60)
    record.rekey(NEW, [], lease)
    record.append([Entry(applied=resource("qa", "ef" * 16))], lease)
    record.release(lease)
    assert record.acquire("organization", "you", NOON, 60).fence == lease.fence + 1

"""Changing the fingerprint key of a file record: both the key and what it proves, or neither, whenever it is killed."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.record import branches, rekeyer
from tests.unit.record.clocks import WallClock

from stagemail.errors import Busy, CorruptRecord, LeaseLost, UserMustFix
from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.secret import UNKNOWN, SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry, Lease
from stagemail.record.sqlite_record import SqliteRecord
from stagemail.record.state import open_record

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = datetime(2030, 5, 4, 12, tzinfo=UTC)
NEW = rekeyer.NEW


def resource(stage: str, fingerprint: str) -> AppliedResource:
    fields = {"password": AppliedField(SecretState("env:SMTP", "7", fingerprint), "evidence")}
    return AppliedResource(Key(stage, CONFIGURATION, f"env-{stage}"), stage, fields)


def opened(folder: Path) -> SqliteRecord:
    record = open_record("sqlite:///record.db", folder, randomness=os.urandom, clock=WallClock())
    assert isinstance(record, SqliteRecord)
    return record


def state_of(record: SqliteRecord, stage: str = "qa") -> AppliedField:
    return record.applied(stage).resources[0].fields["password"]


def two_stages(folder: Path) -> bytes:
    """A record with two stages; gives its key."""
    with opened(folder) as record:
        record.append([Entry(applied=resource("qa", "ab" * 16)), Entry(applied=resource("gone", "cd" * 16))], None)
        return record.fingerprint_key()


def test_key_and_fingerprints_change_together_and_others_are_known_by_version_only(tmp_path: Path) -> None:
    two_stages(tmp_path)
    with opened(tmp_path) as record:
        lease = record.acquire("organization", "me", NOON, 60)
        record.rekey(NEW, [resource("qa", "ef" * 16)], lease)
        assert record.fingerprint_key() == NEW
        record.release(lease)
    assert (tmp_path / "record.db.key").read_bytes() == NEW
    assert sorted(path.name for path in tmp_path.iterdir() if "key" in path.name) == ["record.db.key"]
    assert (tmp_path / "record.db.key").stat().st_mode & 0o777 == 0o600
    with opened(tmp_path) as record:
        assert (record.fingerprint_key(), record.notices) == (NEW, ())
        assert record.audit().fault == ""
        assert record.audit().sealed >= 3
        assert state_of(record) == resource("qa", "ef" * 16).fields["password"]
        unknown = SecretState("env:SMTP", "7", UNKNOWN)
        assert state_of(record, "gone") == AppliedField(unknown, "evidence", verified=False)


DONE = ("rename", "fsync-3", "end")
"""From here on the record has taken the new key."""
EFFECTS = ("open", "fsync-1", "fsync-2", "SELECT", "DELETE", "INSERT", "UPDATE", "COMMIT", *DONE)


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_kill_before_any_effect_leaves_a_key_that_fits_the_record(tmp_path: Path, effect: str) -> None:
    old = two_stages(tmp_path)
    command = [sys.executable, "-m", rekeyer.__name__, str(tmp_path), effect]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -9, done.stderr
    for _ in range(2):
        with opened(tmp_path) as record:
            assert record.fingerprint_key() == (NEW if effect in DONE else old)
            assert record.audit().fault == ""
            assert state_of(record) == resource("qa", "ab" * 16).fields["password"]
            assert state_of(record, "gone").verified is (effect not in DONE)
            record.open_in_full()
            assert record.notices == ()
    with opened(tmp_path) as record:
        record.rekey(bytes(32), [resource("qa", "ef" * 16)], record.acquire("organization", "me", LATER, 60))
    with opened(tmp_path) as record:
        assert (record.fingerprint_key(), record.notices) == (bytes(32), ())


def test_a_journal_that_was_altered_is_not_sealed_anew(tmp_path: Path) -> None:
    old = two_stages(tmp_path)
    with closing(sqlite3.connect(tmp_path / "record.db")) as connection:
        connection.execute("UPDATE events SET body = '{}' WHERE seq = 1")
        connection.commit()
    with opened(tmp_path) as record:
        lease = record.acquire("organization", "me", NOON, 60)
        with pytest.raises(CorruptRecord, match=r"event 1 .* was altered or moved; its key was not changed"):
            record.rekey(NEW, [], lease)
    with opened(tmp_path) as record:
        assert (record.fingerprint_key(), record.notices) == (old, ())


def test_a_process_that_opened_the_record_before_writes_nothing_with_the_old_key(tmp_path: Path) -> None:
    with opened(tmp_path) as other:
        other.acquire("elsewhere", "other", NOON, 60)
        with opened(tmp_path) as reader, opened(tmp_path) as record:
            assert reader.fingerprint_key() == other.fingerprint_key()
            record.rekey(NEW, [], record.acquire("organization", "me", NOON, 60))
            for stale in (other, reader):
                with pytest.raises(Busy, match="was changed by another process"):
                    stale.acquire("organization", "other", LATER, 60)


def test_a_lease_that_was_lost_changes_nothing(tmp_path: Path) -> None:
    old = two_stages(tmp_path)
    with opened(tmp_path) as record:
        with pytest.raises(LeaseLost):
            record.rekey(NEW, [], Lease("organization", "me", 3, NOON))
        assert record.fingerprint_key() == old
    with opened(tmp_path) as record:
        assert (record.fingerprint_key(), record.notices) == (old, ())


def test_a_record_on_a_branch_refuses_and_says_how_to_begin_a_new_one(tmp_path: Path) -> None:
    record = branches.opened(branches.clone(branches.remote(tmp_path)))
    with record, pytest.raises(UserMustFix, match="sealed line by line") as caught:
        record.rekey(NEW, [], Lease("organization", "me", 1, NOON))
    assert "name another branch under `state:`" in caught.value.hint

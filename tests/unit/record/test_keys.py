"""The fingerprint key: one, whole, private; and what happens when it was lost."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.record.clocks import WallClock

from stagemail.errors import CorruptRecord, NotPermitted, UserMustFix
from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record.fingerprint_key import load_or_create
from stagemail.record.sql import SqlRecord
from stagemail.record.state import open_record

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
RESOURCE = AppliedResource(
    Key("qa", CONFIGURATION, "env-2"),
    "QA",
    {
        "host": AppliedField("smtp.example.com"),
        "password": AppliedField(SecretState("env:SMTP", "", "ab12")),
        "unsettled": AppliedField(SecretState("env:OTHER"), verified=False),
    },
)


def opened(folder: Path) -> SqlRecord:
    return open_record("sqlite:///record.db", folder, randomness=os.urandom, clock=WallClock())


def test_a_key_is_made_once(tmp_path: Path) -> None:
    key = load_or_create(tmp_path / "k", os.urandom)
    assert len(key) == 32
    assert load_or_create(tmp_path / "k", lambda _: pytest.fail("asked again")) == key
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_many_that_make_one_at_once_end_with_the_same(tmp_path: Path) -> None:
    for attempt in range(10):
        path = tmp_path / str(attempt)
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(lambda _, path=path: load_or_create(path, os.urandom), range(16)))) == 1
    assert len(list(tmp_path.iterdir())) == 10


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(CorruptRecord, match="not a fingerprint key"):
        load_or_create(tmp_path / "k", os.urandom)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_key_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    load_or_create(tmp_path / "k", os.urandom)
    (tmp_path / "k").chmod(mode)
    with pytest.raises(NotPermitted, match="chmod 600"):
        load_or_create(tmp_path / "k", os.urandom)


def test_a_link_or_a_fifo_in_its_place_is_refused(tmp_path: Path) -> None:
    load_or_create(tmp_path / "k", os.urandom)
    (tmp_path / "link").symlink_to("k")
    os.mkfifo(tmp_path / "fifo", 0o600)
    with pytest.raises(UserMustFix):
        load_or_create(tmp_path / "link", os.urandom)
    with pytest.raises(CorruptRecord):
        load_or_create(tmp_path / "fifo", os.urandom)


def test_with_a_lost_key_the_record_lets_go_of_its_fingerprints_and_says_so_once(tmp_path: Path) -> None:
    with opened(tmp_path) as record:
        record.append([Entry(applied=RESOURCE)], None)
        old = record.fingerprint_key()
    (tmp_path / "record.db.key").unlink()
    with opened(tmp_path) as record:
        assert record.fingerprint_key() != old
        assert ["unverified" in notice for notice in record.notices] == [True]
        fields = {name: RESOURCE.fields[name] for name in ("host", "unsettled")}
        assert record.applied("qa").resources == (replace(RESOURCE, fields=fields),)
    with opened(tmp_path) as record:
        assert record.notices == ()


def test_with_the_same_key_nothing_is_forgotten(tmp_path: Path) -> None:
    for _ in range(2):
        with opened(tmp_path) as record:
            assert record.notices == ()
            record.append([Entry(applied=RESOURCE)], None)
            assert record.applied("qa").resources == (RESOURCE,)

"""A record whose file is removed or replaced while it is used: what other processes do not see is never written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.record.clocks import WallClock

from stagemail.errors import CorruptRecord
from stagemail.model.key import BINDING, Key
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.ports import Entry
from stagemail.record.kept import KeptRecord
from stagemail.record.state import open_record


def opened(folder: Path) -> KeptRecord:
    return open_record("sqlite:///record.db", folder, randomness=os.urandom, clock=WallClock())


def resource(app: str) -> Entry:
    key = Key("qa", BINDING, app)
    return Entry(applied=AppliedResource(key, app, {"field": AppliedField("x")}))


def remove(path: Path) -> None:
    for file in path.parent.glob("record.db*"):
        if file.suffix != ".key":
            file.unlink()


def replace(path: Path) -> None:
    other = path.with_name("other.db")
    other.write_bytes(path.read_bytes())
    other.replace(path)


@pytest.mark.parametrize("harm", [remove, replace])
def test_a_record_that_lost_its_name_takes_nothing_more_and_says_how_to_go_on(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    clock = WallClock()
    with opened(tmp_path) as record:
        record.append([resource("crm")], None)
        harm(tmp_path / "record.db")
        with pytest.raises(CorruptRecord, match="removed or replaced while stagemail used it") as caught:
            record.append([resource("billing")], None)
        assert "stop every stagemail" in caught.value.hint
        with pytest.raises(CorruptRecord, match="removed or replaced"):
            record.acquire("odc:here", "one", clock.now(), 90.0)


def test_a_record_that_was_put_back_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    with opened(tmp_path) as record:
        record.append([resource("crm")], None)
        path.rename(tmp_path / "aside.db")
        with pytest.raises(CorruptRecord):
            record.append([resource("billing")], None)
        (tmp_path / "aside.db").rename(path)
        record.append([resource("portal")], None)
        assert {one.label for one in record.applied("qa").resources} == {"crm", "portal"}

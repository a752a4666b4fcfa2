"""What the books of test messages do: an attempt is there once, before it is sent, and says what became of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stagemail.errors import Busy, CorruptRecord, NotFound
from stagemail.mail.outbox import FolderOutbox, MemoryOutbox
from stagemail.model.message import Message
from stagemail.ports import Outbox

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ONE = Message(
    "abc-1", 1, "abc", "qa", "CRM", "a@example.com", ("b@example.com",), "<abc@example.com>", "Hi", NOON, "ada"
)


@pytest.fixture(params=["memory", "folder"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Outbox:
    return MemoryOutbox() if request.param == "memory" else FolderOutbox(tmp_path / "books")


def test_books_begin_empty(outbox: Outbox) -> None:
    assert outbox.messages() == ()


def test_what_was_begun_is_unknown_until_it_is_settled(outbox: Outbox) -> None:
    outbox.begin(ONE)
    assert outbox.messages() == (ONE,)
    assert outbox.messages()[0].unknown
    outbox.settle(ONE, "accepted", "250 kept")
    (found,) = outbox.messages()
    assert (found.state, found.reply, found.unknown) == ("accepted", "250 kept", False)


def test_an_attempt_is_begun_once_whoever_comes_second(outbox: Outbox) -> None:
    outbox.begin(ONE)
    with pytest.raises(Busy, match="abc-1"):
        outbox.begin(replace(ONE, actor="bob"))
    assert outbox.messages() == (ONE,)


def test_another_attempt_is_another_entry_and_the_oldest_comes_first(outbox: Outbox) -> None:
    later = replace(ONE, attempt=2, at=NOON + timedelta(seconds=1))
    outbox.begin(later)
    outbox.begin(ONE)
    assert outbox.messages() == (ONE, later)


def test_what_is_not_there_cannot_be_settled(outbox: Outbox) -> None:
    with pytest.raises(NotFound):
        outbox.settle(ONE, "lost", "")


def test_the_folder_is_private_keeps_no_half_files_and_survives_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    FolderOutbox(folder).begin(ONE)
    FolderOutbox(folder).settle(ONE, "accepted", "")
    assert [path.name for path in folder.iterdir()] == ["abc-1.1.json"]
    assert folder.stat().st_mode & 0o77 == 0
    assert FolderOutbox(folder).messages()[0].state == "accepted"


def test_a_file_that_somebody_broke_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.1.json").write_text("{}")
    with pytest.raises(CorruptRecord, match=r"x\.1\.json"):
        FolderOutbox(tmp_path).messages()

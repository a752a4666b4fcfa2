"""What is kept and what goes: numbers, limits, search, and the looks of several at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.inbox.place import arrived

from stagemail.errors import NotFound
from stagemail.inbox.store import FILE, Arrived, Reader, Writer
from stagemail.model.inbox import InboxLimits

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def subjects(folder: Path) -> list[str]:
    return [one.subject for one in Reader(folder).messages()]


def test_the_newest_comes_first_and_numbers_are_never_used_again(tmp_path: Path) -> None:
    with Writer(tmp_path, InboxLimits()) as writer:
        assert writer.keep([arrived("a"), arrived("b")], NOW) == [1, 2]
        assert subjects(tmp_path) == ["b", "a"]
        assert Reader(tmp_path).clear() == 2
        assert writer.keep([arrived("c")], NOW) == [3]


def test_over_the_count_the_oldest_go_and_it_is_said(tmp_path: Path) -> None:
    with Writer(tmp_path, InboxLimits(messages=3)) as writer:
        writer.keep([arrived(str(n)) for n in range(10)], NOW)
        assert subjects(tmp_path) == ["9", "8", "7"]
        state = Reader(tmp_path).state()
        assert (state.messages, state.dropped, state.size) == (3, 7, 3)


def test_over_the_bytes_the_oldest_go(tmp_path: Path) -> None:
    with Writer(tmp_path, InboxLimits(size=100)) as writer:
        writer.keep([arrived("a", b"x" * 60)], NOW)
        writer.keep([arrived("b", b"x" * 60)], NOW)
        assert subjects(tmp_path) == ["b"]
        writer.keep([arrived("c", b"x" * 500)], NOW)
        assert subjects(tmp_path) == ["c"], "what was just accepted is kept, whatever its size"


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    with Writer(tmp_path, InboxLimits(age=3600)) as writer:
        writer.keep([arrived("old")], NOW)
        writer.keep([arrived("new")], NOW + timedelta(hours=2))
        assert subjects(tmp_path) == ["new"]


def test_limits_count_what_an_earlier_process_and_a_reader_left(tmp_path: Path) -> None:
    with Writer(tmp_path, InboxLimits()) as writer:
        writer.keep([arrived(str(n)) for n in range(5)], NOW)
    with Writer(tmp_path, InboxLimits(messages=3)) as writer:
        Reader(tmp_path).clear(1)
        Reader(tmp_path).clear(2)
        writer.keep([arrived("new")], NOW)
        assert subjects(tmp_path) == ["new", "4", "3"], "a look's deletions count, too"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ORDER", ["Your order"]),
        ("b@example.com hello", ["Your order"]),
        ("100%", []),
        ("nobody", []),
        ("' OR 1=1 --", []),
    ],
)
def test_search_finds_messages_in_which_all_words_occur(tmp_path: Path, words: str, expected: list[str]) -> None:
    with Writer(tmp_path, InboxLimits()) as writer:
        writer.keep([arrived("Your order", b"Hello there"), arrived("Invoice", b"\xff\x00")], NOW)
    assert [one.subject for one in Reader(tmp_path).messages(words)] == expected


ENCODED = [
    (
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nIhre Bestell=\r\nung ist unterwegs: =C3=9Cbersicht\r\n",
        "qp",
    ),
    (b"content-transfer-encoding: BASE64\r\n\r\nSWhyZSBCZXN0ZWxsdW5nOiDDnGJlcnNp\r\nY2h0\r\n", "base64"),
    (
        b"\r\n".join(
            (
                b"Content-Type: multipart/mixed; boundary=b",
                b"",
                b"--b",
                b"Content-Type: text/plain",
                b"",
                b"Word",
                b"--b",
                b"Content-Transfer-Encoding: base64",
                b"",
                b"SWhyZSBCZXN0ZWxsdW5nOiDDnGJlcnNpY2h0",
                b"--b--",
                b"",
            )
        ),
        "in a part",
    ),
    ("Ihre Bestellung: Übersicht".encode(), "8bit"),
]


@pytest.mark.parametrize("words", ["Übersicht bestellung", "ÜBERSICHT", "übersicht BESTELLUNG"])
def test_search_reads_text_as_people_do(tmp_path: Path, words: str) -> None:
    with Writer(tmp_path, InboxLimits()) as writer:
        writer.keep([arrived(subject, content) for content, subject in ENCODED], NOW)
        writer.keep([arrived("another", b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n")], NOW)
    assert {one.subject for one in Reader(tmp_path).messages(words)} == {subject for _, subject in ENCODED}


def test_search_reads_envelope_and_subject_in_every_script(tmp_path: Path) -> None:
    with Writer(tmp_path, InboxLimits()) as writer:
        there = Arrived("ä@bücher.example", ("grüße@bücher.example",), "Ö", "Straße: ÉTÉ", True, "", b"a\x00b hidden")
        writer.keep([there], NOW)
    for words in ("GRÜSSE", "Bücher.example", "strasse été", "hidden", "ö"):
        assert len(Reader(tmp_path).messages(words)) == 1, words
    assert Reader(tmp_path).messages("nobody") == ()


def test_the_message_comes_back_byte_for_byte(tmp_path: Path) -> None:
    content = bytes(range(256)) * 3
    with Writer(tmp_path, InboxLimits()) as writer:
        (number,) = writer.keep([arrived(content=content)], NOW)
    assert Reader(tmp_path).message(number)[1] == content


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    with Writer(tmp_path / "inbox", InboxLimits()):
        assert (tmp_path / "inbox").stat().st_mode & 0o077 == 0
        assert (tmp_path / "inbox" / FILE).stat().st_mode & 0o077 == 0


def test_a_folder_without_an_inbox_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no inbox"):
        Reader(tmp_path)
    with Writer(tmp_path, InboxLimits()), pytest.raises(NotFound, match="no message 7"):
        Reader(tmp_path).message(7)

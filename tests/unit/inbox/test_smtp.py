"""The inbox's server over real sockets: TLS, login, bounds, and that 250 means on disk."""

import asyncio
import gc
import smtplib
import socket
import sqlite3
import time
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from tests.unit.inbox.place import MESSAGE, PASSWORD, USER, running

from stagemail.inbox.smtp import _Bounded, shown, usual_address
from stagemail.inbox.store import Arrived, Writer


def test_a_message_is_kept_with_its_envelope_and_delivered_to_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as inbox:
        with inbox.client() as client:
            assert client.sendmail("ada@example.com", ["b@example.com", "c@example.com"], MESSAGE) == {}
        (found,) = inbox.reader.messages()
        assert (found.sender, found.recipients) == ("ada@example.com", ("b@example.com", "c@example.com"))
        assert (found.shown_from, found.subject, found.tls, found.user) == (
            "Ada <ada@example.com>",
            "Your order",
            True,
            USER,
        )
        assert inbox.reader.message(found.id)[1] == MESSAGE.encode()


def test_without_a_login_nothing_is_taken(tmp_path: Path) -> None:
    with running(tmp_path) as inbox, inbox.client(login=False) as client:
        assert client.mail("ada@example.com")[0] == 530
        assert not client.has_extn("auth"), "no login is offered before TLS"
        with pytest.raises(smtplib.SMTPException):
            client.login(USER, PASSWORD)


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, password="another") as inbox, pytest.raises(smtplib.SMTPAuthenticationError):
        inbox.client()


def test_an_open_inbox_asks_for_no_login(tmp_path: Path) -> None:
    with running(tmp_path, user="", password="") as inbox, inbox.client(login=False) as client:
        client.sendmail("ada@example.com", ["b@example.com"], MESSAGE)
        assert inbox.reader.state().messages == 1


def test_the_size_limit_is_announced_and_kept(tmp_path: Path) -> None:
    with running(tmp_path, user="", size=2000) as inbox, inbox.client(login=False) as client:
        assert client.esmtp_features["size"] == "2000"
        with pytest.raises(smtplib.SMTPException):
            client.sendmail("ada@example.com", ["b@example.com"], MESSAGE + "x" * 3000)
        assert inbox.reader.state().messages == 0


def test_over_the_most_recipients_the_rest_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, user="", recipients=2) as inbox, inbox.client(login=False) as client:
        refused = client.sendmail("ada@example.com", [f"{n}@example.com" for n in range(4)], MESSAGE)
        assert {code for code, _ in refused.values()} == {452}
        assert inbox.reader.messages()[0].recipients == ("0@example.com", "1@example.com")


@pytest.mark.parametrize(
    "text",
    ["<a@b.example>", " <a.b+c=d-e_f@sub.b.example> SIZE=7 BODY=8BITMIME", "<>", "", "a@b.example", "<a@b.example",
     "<@relay.example:a@b.example>", '<"a b"@b.example>', "<a@[127.0.0.1]>", "<.a@b.example>", "<a..b@b.example>",
     "<a@b..example>", "<a@-.example>", f"<{'a' * 65}@b.example>", "<jürgen@bücher.example>", "x <a@b.example>"],
)  # fmt: skip
def test_an_address_that_is_read_quickly_is_read_as_the_library_does(text: str) -> None:
    loop = asyncio.new_event_loop()
    try:
        library = SMTP(object(), loop=loop, hostname="localhost")._getaddr(text)
    finally:
        loop.close()
    assert usual_address(text) in (None, library) or library[0] is None, "it may take more, never otherwise"


def test_usual_addresses_are_read_quickly() -> None:
    assert usual_address("<a.b+c@sub.b.example> SIZE=7") == ("a.b+c@sub.b.example", "SIZE=7")
    assert usual_address('<"a b"@b.example>') is None


def test_a_silent_client_is_let_go(tmp_path: Path) -> None:
    with running(tmp_path, user="", idle=0.3) as inbox:
        silent = socket.create_connection(("127.0.0.1", inbox.port), timeout=120)
        while silent.recv(1000):
            pass
        silent.close()


def test_over_the_most_sessions_a_client_is_told_to_come_later(tmp_path: Path) -> None:
    with running(tmp_path, user="", sessions=1) as inbox, inbox.client(login=False):
        second = socket.create_connection(("127.0.0.1", inbox.port), timeout=120)
        assert second.recv(1000).startswith(b"421 ")
        second.close()


def test_lines_longer_than_the_protocol_are_kept_for_review(tmp_path: Path) -> None:
    with running(tmp_path, user="") as inbox, inbox.client(login=False) as client:
        client.sendmail("ada@example.com", ["b@example.com"], MESSAGE + "x" * 5000 + "\r\n")
        assert inbox.reader.state().messages == 1


def test_what_the_disk_refuses_is_not_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> list[int]:
        raise sqlite3.OperationalError("database or disk is full")

    with running(tmp_path, user="") as inbox, inbox.client(login=False) as client:
        monkeypatch.setattr(Writer, "keep", full)
        with pytest.raises(smtplib.SMTPDataError, match="cannot write to its disk"):
            client.sendmail("ada@example.com", ["b@example.com"], MESSAGE)


def test_a_client_that_hangs_up_before_the_end_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path, user="") as inbox:
        with socket.create_connection(("127.0.0.1", inbox.port), timeout=120) as cut:
            cut.recv(1000)
            cut.sendall(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: half")
            time.sleep(0.1)
        with inbox.client(login=False) as client:
            client.sendmail("ada@example.com", ["b@example.com"], MESSAGE)
        assert inbox.reader.state().messages == 1


def test_what_was_kept_leaves_memory_and_so_do_the_sessions(tmp_path: Path) -> None:
    with running(tmp_path, user="") as inbox:
        for _ in range(5):
            with inbox.client(login=False) as client:
                for _ in range(20):
                    client.sendmail("ada@example.com", ["b@example.com"], MESSAGE)
        assert inbox.reader.state().messages == 100

        def left() -> list[object]:
            gc.collect()
            return [one for one in gc.get_objects() if isinstance(one, Arrived | Envelope | _Bounded)]

        end = time.monotonic() + 120
        while len(left()) > 3 and time.monotonic() < end:  # the last session's end is under way
            time.sleep(0.02)
        assert len(left()) <= 3, left()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"Subject\n",
        b"Subject: =?x?q?a?=\n",
        b"\xff\xfe: x\nSubject: \xff\n",
        b"Subject: =?utf-8?b?@@?=\n",
    ],
)
def test_what_lists_show_is_read_from_anything(content: bytes) -> None:
    assert all(isinstance(text, str) for text in shown(content))


def test_folded_and_encoded_fields_are_shown_as_people_read_them() -> None:
    assert shown(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n aus Berlin\r\n\r\nFrom: no\r\n") == ("", "Grüße aus Berlin")


def test_a_client_that_never_agrees_to_close_is_let_go_when_the_inbox_stops(tmp_path: Path) -> None:
    """Its thread ends (``running`` says so) and no socket of the server is left for the garbage collector."""
    with running(tmp_path, patience=60.0) as inbox:
        silent, half = inbox.client(), socket.create_connection(("127.0.0.1", inbox.port), timeout=120)
        half.recv(1000)
        half.sendall(b"EHLO x\r\nSTARTTLS\r\n")
        while b"220 Ready" not in half.recv(1000):
            pass
    assert silent.sock is not None and silent.sock.recv(1000).startswith(b"421 4.3.2 the inbox is stopping")
    silent.close()
    half.close()
    gc.collect()  # a ResourceWarning of the server's sockets fails this test


def test_clients_that_hang_up_in_a_handshake_use_up_no_session(tmp_path: Path) -> None:
    with running(tmp_path, sessions=2) as inbox:
        for _ in range(4):
            with socket.create_connection(("127.0.0.1", inbox.port), timeout=120) as half:
                half.recv(1000)
                half.sendall(b"EHLO x\r\nSTARTTLS\r\n")
                while b"220 Ready" not in half.recv(1000):
                    pass
        with inbox.client() as client:
            client.sendmail("ada@example.com", ["b@example.com"], MESSAGE)
        assert inbox.reader.state().messages == 1

"""A server that reads a test message slowly gets it whole while it goes on, and holds nobody for longer than agreed."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

from tests.unit.mail import certificates
from tests.unit.mail.failures import PLAIN, talk
from tests.unit.mail.servers import Line, probe_of, rogue, server_context

from stagemail.mail.bounds import Bounds
from stagemail.model.probe import Letter, Security, Sent, Server

BODY = b"Subject: Large\r\n\r\n" + (b"y" * 78 + b"\r\n") * 100_000
END = b"\r\n.\r\n"


def sent(folder: Path, security: Security, bounds: Bounds, read: Callable[[socket.socket], bool]) -> Sent:
    """Send the message to a server that reads it so; it answers where ``read`` says that it has it all."""
    context = server_context(*certificates.ensure_certificates(folder, certificates.NAME))

    def play(line: Line) -> None:
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        if security == "tls":
            line.secure(context)
        replies = ("S:250 sender", "C", "S:250 recipient", "C", "S:354 go")
        talk("S:220 hello", "C", f"S:{PLAIN[0]}|250 8BITMIME", "C", *replies)(line)
        if read(line.socket):
            talk("S:250 2.0.0 kept", "C", "S:221 bye")(line)

    with rogue(play) as (port, _):
        probe = probe_of({465: port}, folder / "ca.pem", bounds=bounds)
        letter = Letter("a@example.com", ("b@example.com",), BODY)
        return probe.send(Server(certificates.NAME, 465, security), letter, lambda: None)


def with_pauses(connection: socket.socket) -> bool:
    """Reads everything, and waits at times: longer than a reply may take in all, not at once."""
    count, last = 0, b""
    pauses = [10**6, 2 * 10**6, 3 * 10**6]  # before all of it is in somebody's buffers
    while not last.endswith(END):
        piece = connection.recv(65_536)
        if not piece:
            return False
        count, last = count + len(piece), (last + piece)[-len(END) :]
        if pauses and count > pauses[0]:
            pauses.pop(0)
            time.sleep(2.1)
    return True


def hardly(connection: socket.socket) -> bool:
    """Reads a little at a time for as long as somebody sends."""
    for _ in range(6000):
        if not connection.recv(1024):
            break
        time.sleep(0.01)
    return False


def test_a_large_message_has_longer_than_one_reply_while_it_goes_on(tmp_path: Path) -> None:
    found = sent(tmp_path, "tls", Bounds(reply=6, total=240), with_pauses)
    assert found.delivery == "accepted", found.probed.failure


def test_it_is_given_up_at_the_end_of_the_conversation_and_nobody_knows(tmp_path: Path) -> None:
    found = sent(tmp_path, "none", Bounds(reply=30, total=6), hardly)
    failure = found.probed.failure
    assert failure is not None
    assert (found.delivery, failure.name, failure.code) == ("unknown", "data", "too-slow")

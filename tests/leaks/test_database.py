"""A PostgreSQL server that turns hostile: it asks for the password in the open, and repeats it in every form."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.bench import Bench
from tests.leaks.canaries import CANARIES, ENCODINGS, encoded, found
from tests.leaks.test_driving import COUNTED, _run, logs

__all__ = ["logs"]

SSL_REQUEST, IN_CLEAR = 80877103, 3
COMMANDS = (("plan", "qa"), ("status", "--why"), ("history", "--format", "json"), ("apply", "qa"), ("doctor",))


class Rogue:
    """Speaks the protocol as far as the login (PostgreSQL docs, "Message Flow"), and refuses it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._at = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with line:
                line.settimeout(120)
                try:
                    self._talk(line)
                except (OSError, struct.error):
                    continue

    def _talk(self, line: socket.socket) -> None:
        length, code = struct.unpack("!II", line.recv(8))
        if code == SSL_REQUEST:
            line.sendall(b"N")
            length, code = struct.unpack("!II", line.recv(8))
        line.recv(length)
        line.sendall(b"R" + struct.pack("!II", 8, IN_CLEAR))
        said = line.recv(65536)
        password = said[5:].rstrip(b"\0").decode()
        self.heard.append(password)
        forms = [text.replace("\n", " ") for text in encoded(password).values()]
        self._at += 1
        words = " ".join(forms[(self._at * 3 + n) % len(forms)] for n in range(3))
        code = ("28P01", "XX000", "28000", "57P03")[self._at % 4]
        fields = f"SFATAL\0VFATAL\0C{code}\0M{words}\0D{words}\0\0".encode()
        line.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def rogue() -> Iterator[Rogue]:
    made = Rogue()
    thread = threading.Thread(target=made.serve)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join()


@pytest.mark.parametrize("where", ["reference", "libpq's file", "variable"])
def test_no_canary_comes_back_from_a_database_that_repeats_it(bench: Bench, logs: list[str], where: str) -> None:
    values = [value for value in CANARIES if "\n" not in value]
    said: list[str] = []
    with rogue() as server:
        url = f"state: postgresql://mailer@127.0.0.1:{server.port}/record?sslmode=disable"
        more = "\nstatePassword: {secretRef: {store: env, key: RECORD_PASSWORD}}" if where == "reference" else ""
        bench.change("stagemail.yaml", "state: sqlite:///stagemail.db", url + more)
        file = bench.folder / "pgpass"
        for number, value in enumerate(values):
            escaped = value.replace("\\", "\\\\").replace(":", "\\:")
            file.write_text(f"127.0.0.1:*:*:mailer:{escaped}\n", encoding="utf-8")
            file.chmod(0o600)
            bench.environment |= {
                "reference": {"STAGEMAIL_RECORD_PASSWORD": value},
                "libpq's file": {"PGPASSFILE": str(file)},
                "variable": {"PGPASSWORD": value},
            }[where]
            said.append(_run(bench, *COMMANDS[number % len(COMMANDS)]))
            assert found(said[-1]) == [], said[-1]
    assert set(server.heard) == set(values), "each was sent there"
    assert found("\n".join(logs)) == [] and found(bench.files()) == []
    COUNTED.append(
        f"database ({where}): {len(values)} canaries × {len(ENCODINGS)} encodings, {len(said)} commands, "
        f"{len(server.heard)} logins: none found"
    )

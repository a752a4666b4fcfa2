"""A flood of forged webhooks: what it costs the controller's own work, and how much memory the web process takes.

The senders share this machine's processors, with a lower priority, as somebody else's machine would not. Bounded: a few
seconds. Not here: that memory and answers are bounded, which tests prove (``tests/unit/web``).
"""

import json
import os
import select
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from stagemail.model.secret import Secret
from stagemail.web.edge import Answers, Edge
from stagemail.web.hooks import Hook
from stagemail.wiring.opening import open_installation, open_source

SENDERS = 2
WIDTH = 48
"""Connections that one sender keeps busy."""
BATCH = 128
"""Requests that are sent at once on one connection; the server answers one and closes."""
_BODY = b'{"ref": "refs/heads/main"}'
FORGED = (
    b"POST /hooks/hub HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=" + b"0" * 64
    + b"\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)  # fmt: skip
BATCHED = FORGED * BATCH


@dataclass(frozen=True, slots=True)
class Flood:
    """Seconds of one piece of work without and with the flood; what came of it in a second; bytes; hints that arrived.

    ``rate``: requests that were offered; ``connections``, ``answered``: how many of each.
    """

    calm: float
    flooded: float
    rate: float
    connections: float
    answered: float
    memory: int
    hints: int


def flood(root: Path, seconds: float) -> Flood:
    """Load every document of a checkout again and again, first in peace, then under the flood."""
    installation = open_installation(None, root)
    hints: list[object] = []
    hooks = [Hook("hub", "github", Secret("a-secret-that-nobody-guesses"))]
    edge = Edge("127.0.0.1", 0, lambda: hooks, Answers(hints.append, lambda _path: (200, ""), lambda _said: None))
    port = edge.start()
    try:
        _answered(port)

        def work() -> float:
            start = time.perf_counter()
            open_source(root, None, installation).load()
            return time.perf_counter() - start

        def median_of(until: float) -> float:
            found = [work()]
            while time.monotonic() < until:
                found.append(work())
                time.sleep(0.02)  # a pass mostly waits for its platform
            return statistics.median(found)

        work()
        calm = median_of(time.monotonic() + seconds / 2)
        command = [sys.executable, "-m", "benchmarks.flood", str(port), str(seconds)]
        senders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(SENDERS)]
        time.sleep(0.5)
        flooded = median_of(time.monotonic() + seconds - 1.0)
        counts = [json.loads(sender.communicate()[0]) for sender in senders]
        offered, connections, answered = (sum(numbers) / seconds for numbers in zip(*counts, strict=True))
        status = Path(f"/proc/{edge.process}/status").read_text(encoding="ascii")
        memory = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024
        return Flood(calm, flooded, offered, connections, answered, memory, len(hints))
    finally:
        edge.stop()


def _answered(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                if connection.recv(20):
                    return
        except OSError:
            time.sleep(0.05)


class Sender:
    """Keeps connections busy from one thread, each with ``BATCH`` forged requests."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._poll = select.epoll()
        self._open: dict[int, tuple[socket.socket, int]] = {}
        self.offered = self.connections = self.answered = 0

    def round(self) -> None:
        """Open what is missing, and write and read where that is possible now."""
        while len(self._open) < WIDTH:
            made = socket.socket()
            made.setblocking(False)
            made.connect_ex(("127.0.0.1", self._port))
            self._open[made.fileno()] = (made, 0)
            self._poll.register(made.fileno(), select.EPOLLIN | select.EPOLLOUT)
        for number, event in self._poll.poll(0.05):
            try:
                goes_on = self._write(number) if event == select.EPOLLOUT else self._read(number)
            except OSError:
                goes_on = False
            if not goes_on:
                self._poll.unregister(number)
                self._open.pop(number)[0].close()

    def _write(self, number: int) -> bool:
        connection, sent = self._open[number]
        now = sent + connection.send(BATCHED[sent:])
        self.connections += sent == 0
        self.offered += now // len(FORGED) - sent // len(FORGED)
        self._open[number] = (connection, now)
        if now == len(BATCHED):
            self._poll.modify(number, select.EPOLLIN)
        return True

    def _read(self, number: int) -> bool:
        self.answered += self._open[number][0].recv(65536).startswith(b"HTTP/1.1 ")
        return False


def send(port: int, seconds: float) -> tuple[int, int, int]:
    """Send forged requests as fast as one process can; gives requests, connections and answers."""
    os.nice(10)
    sender = Sender(port)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sender.round()
    return sender.offered, sender.connections, sender.answered


if __name__ == "__main__":
    sys.stdout.write(json.dumps(send(int(sys.argv[1]), float(sys.argv[2]))))

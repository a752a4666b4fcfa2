"""A flood of forged webhooks: what it costs the controller's own work, and how much memory the web process takes.

The senders share this machine's processors, with a lower priority, as somebody else's machine would not. Bounded: a few
seconds. Not here: that memory and answers are bounded, which tests prove (``tests/unit/web``).
"""

import os
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
_BODY = b'{"ref": "refs/heads/main"}'
FORGED = (
    b"POST /hooks/hub HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=" + b"0" * 64
    + b"\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flood:
    """Seconds of one piece of work without and with the flood; requests a second; bytes; hints that arrived."""

    calm: float
    flooded: float
    rate: float
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
        sent = sum(int(sender.communicate()[0]) for sender in senders)
        status = Path(f"/proc/{edge.process}/status").read_text(encoding="ascii")
        memory = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024
        return Flood(calm, flooded, sent / seconds, memory, len(hints))
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


def send(port: int, seconds: float) -> int:
    """Send forged requests as fast as one process can; gives how many."""
    os.nice(10)
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        batch = []
        for _ in range(32):
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=5)
                connection.sendall(FORGED)
            except OSError:
                continue
            batch.append(connection)
            count += 1
        for connection in batch:
            connection.close()
    return count


if __name__ == "__main__":
    sys.stdout.write(str(send(int(sys.argv[1]), float(sys.argv[2]))))

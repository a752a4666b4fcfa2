"""Preflight of many stages whose servers answer slowly: all at once, beside one after the other.

In this process, over real sockets, because it is the waiting that is measured. Not here: the table.
"""

import socketserver
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from stagemail.mail.bounds import Bounds
from stagemail.mail.probe import SmtpProbe
from stagemail.model import email
from stagemail.model.egress import Egress
from stagemail.model.location import Place
from stagemail.model.probe import Extent
from stagemail.model.snapshot import Configuration, Desired
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.preflight import preflights
from stagemail.wiring.clock import clock_from

WAIT = 0.2
"""Seconds that a server takes for its greeting."""


class _Slow(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Greet late, and take everything."""
        time.sleep(WAIT)
        self.wfile.write(b"220 hello\r\n")
        while line := self.rfile.readline(1000):
            self.wfile.write(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 ok\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def _served() -> Iterator[int]:
    with _Server(("127.0.0.1", 0), _Slow) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join(5)


def tried(count: int, workers: int) -> tuple[float, int]:
    """Seconds for so many stages, and how many passed. ``workers`` 1: one after the other."""
    with _served() as port, ThreadPoolExecutor(workers) as executor:
        fields = {
            email.HOST: "smtp.example.com", email.PORT: 587, email.SECURITY: "none",
            email.SENDER_ADDRESS: "no-reply@example.com",
        }  # fmt: skip
        place = Place("email.yaml", 0)
        stages = [Desired(f"stage-{number}", Configuration("relay", fields, place)) for number in range(count)]
        route = {"smtp.example.com:587": f"127.0.0.1:{port}"}
        egress = Egress(frozenset(route), ("127.0.0.0/8",), route)
        probe = SmtpProbe(egress, Bounds(), clock_from("1"), "a benchmark", None)
        start = time.perf_counter()
        found = preflights(stages, Extent(), Credentials({}, (), bytes(32), None), probe, executor)
        seconds = time.perf_counter() - start
    return seconds, sum(one.value is not None and one.value.passed for one in found)

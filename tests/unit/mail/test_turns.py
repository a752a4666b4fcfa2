"""A provider that limits connections is never asked over more of them at a time, however many stages there are."""

import threading
from concurrent.futures import ThreadPoolExecutor
from socketserver import StreamRequestHandler, ThreadingTCPServer

from tests.unit.mail.servers import PATIENT, probe_of

from stagemail.model.probe import Extent, Server


def most_at_once(host: str, stages: int, patience: float) -> int:
    """How many conversations a server had at the same time."""
    now, most, lock = [0], [0], threading.Lock()
    full = threading.Event()

    class Counting(StreamRequestHandler):
        def handle(self) -> None:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
                if now[0] == stages:
                    full.set()
            full.wait(patience)
            self.wfile.write(b"220 hi\r\n")
            while not self.rfile.readline(1000).startswith(b"QUIT"):
                self.wfile.write(b"250 ok\r\n")
            with lock:
                now[0] -= 1  # before the answer: the next one may come as soon as it is heard
            self.wfile.write(b"221 bye\r\n")

    class Threads(ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

    with Threads(("127.0.0.1", 0), Counting) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        probe = probe_of({587: server.server_address[1]}, name=host, bounds=PATIENT)
        with ThreadPoolExecutor(stages) as executor:
            found = list(executor.map(lambda _: probe.probe(Server(host, 587, "none"), Extent()), range(stages)))
        server.shutdown()
        thread.join(120)
    assert all(one.passed for one in found), [one.failure for one in found]
    return most[0]


def test_exchange_online_has_three_at_a_time() -> None:
    assert most_at_once("smtp.office365.com", 9, 0.1) <= 3


def test_others_have_as_many_as_there_are() -> None:
    assert most_at_once("smtp.example.com", 9, 60) == 9

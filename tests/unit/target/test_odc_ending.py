"""A request ends in time however slowly its answer drips, and the connection's next one has its whole time again."""

import socket
import threading
import time
from contextlib import suppress

import httpcore2
import pytest

from stagemail.target.odc import transport
from stagemail.target.odc.transport import Transport

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def dripping(served: socket.socket, pauses: list[float]) -> None:
    """Answer one request after another on one connection, with so many seconds between two bytes of each."""
    connection, _ = served.accept()
    with connection, suppress(OSError):
        for pause in pauses:
            connection.recv(65536)
            for number in range(len(ANSWER)):
                connection.sendall(ANSWER[number : number + 1])
                time.sleep(pause)


@pytest.mark.parametrize("pauses", [[0.02], [0.0, 0.0, 0.02]], ids=["first", "kept-alive"])
def test_headers_that_drip_end_and_count_as_no_answer(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as served:
        thread = threading.Thread(target=dripping, args=[served, pauses])
        thread.start()
        sender = Transport(f"http://127.0.0.1:{served.getsockname()[1]}", read_only=False)
        for _ in pauses[:-1]:
            assert sender.send("GET", f"{sender.base}/api/").status == 200
        monkeypatch.setattr(transport, "MAX_SECONDS", 0.5)
        with pytest.raises(httpcore2.ReadTimeout):
            sender.send("GET", f"{sender.base}/api/")
        sender.close()
        thread.join(120)

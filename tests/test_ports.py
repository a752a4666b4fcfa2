"""Ports that tests choose: nobody else has one, and no connection that goes out is given one."""

import socket
import subprocess
import sys
from pathlib import Path

from tests import ports
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]


def test_no_port_is_given_twice_not_even_to_another_process() -> None:
    mine = free_port()
    program = "from tests import ports; import sys; print([ports._hold(int(n)) for n in sys.argv[1:]])"
    command = [sys.executable, "-c", program, str(mine), str(free_port())]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said == "[False, False]\n"
    assert not ports._hold(mine)


def test_no_connection_that_goes_out_is_given_one() -> None:
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    if first > 2 * ports._LOWEST:  # where nearly all ports are for such connections, there is nothing better
        assert not any(first <= free_port() <= last for _ in range(20))


def test_a_port_that_somebody_listens_on_is_not_given() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        port = server.getsockname()[1]
        ports._HELD.pop().close()
        assert not ports._hold(port)

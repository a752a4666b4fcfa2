"""Ports for servers that have to be told theirs: nobody else has or gets one while this process lives.

They are below those that the system gives to connections that go out: such a one could take a server's port before it
listens, or while it is stopped for a moment. Not here: servers that bind port 0 themselves, which is better.
"""

import random
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

_LOWEST: Final = 10_240
_HELD: Final[list[socket.socket]] = []
"""One name for each port that this process has; the system lets go of them when it ends, however it ends."""


def free_port() -> int:
    """A port on loopback that is free for TCP and UDP, for this process alone."""
    outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    below = range(_LOWEST, outgoing) if outgoing > 2 * _LOWEST else range(_LOWEST, 65_536)
    for port in random.SystemRandom().sample(below, 500):
        if _hold(port):
            return port
    raise AssertionError("no port is free")


def _hold(port: int) -> bool:
    name = socket.socket(socket.AF_UNIX)
    with suppress(OSError):
        name.bind(f"\0stagemail-tests-port-{port}")
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        _HELD.append(name)
        return True
    name.close()
    return False

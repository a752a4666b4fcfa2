"""``python -m tests.faults.apart SOCKET PORT -- COMMAND…``: a command in a network of its own, with one way out.

Run by ``unshare --net --pid --fork``: it sees no other process and no other network. Port PORT of its own loopback
leads through the Unix socket SOCKET to whatever listens there. Root only. Not here: what is run.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys

from tests.faults.proxy import Proxy

UNSHARE = ("unshare", "--net", "--pid", "--fork", "--kill-child")
_SET, _GET, _UP = 0x8914, 0x8913, 0x1  # SIOCSIFFLAGS, SIOCGIFFLAGS, IFF_UP: netdevice(7)


def loopback_up() -> None:
    """A new network's loopback is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, _GET, asked), 16)
        fcntl.ioctl(any_socket, _SET, struct.pack("16sh14x", b"lo", flags | _UP))


def may_be_apart() -> bool:
    """Whether this machine lets us make networks."""
    if os.geteuid() != 0:
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


def main(arguments: list[str]) -> int:
    """Run it; its exit code is ours."""
    path, port, _, *command = arguments
    loopback_up()
    with Proxy(path, port=int(port)):
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""NSD of our own on a loopback port: its own folder and configuration, ended by the test. Not the system's service."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.dns.zone import ALIASES, zone
from tests.ports import free_port

NSD = "/usr/sbin/nsd"


def require() -> None:
    """Skips where NSD is missing, unless every test has to run."""
    if not Path(NSD).exists() and shutil.which("nsd") is None:
        if os.environ.get("STAGEMAIL_TESTS_STRICT"):
            pytest.fail("nsd is not installed: see .ci/run")
        pytest.skip("nsd is not installed")


def zone_file() -> str:
    """All domains as one zone: the root."""
    lines = ["$ORIGIN .", "$TTL 60", ". IN SOA ns.example. admin.example. 1 60 60 60 60", ". IN NS ns.example."]
    for name, kinds in zone().items():
        for kind, records in kinds.items():
            lines += [f"{name}. IN {kind} {_data(kind, record)}" for record in records]
    lines += [f"{name}. IN CNAME {target}." for name, target in ALIASES.items()]
    return "\n".join(lines) + "\n"


def _data(kind: str, record: str) -> str:
    if kind == "TXT":
        parts = [record[at : at + 255] for at in range(0, len(record), 255)]
        return " ".join(
            '"' + part.replace("\\", "\\\\").replace('"', '\\"').replace(";", "\\;") + '"' for part in parts
        )
    return record if record.endswith(".") or kind != "MX" else f"{record}."


@contextmanager
def nsd() -> Iterator[int]:
    """A running server; gives its port."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "zone").write_text(zone_file(), encoding="utf-8")
        user = "" if os.getuid() else '  username: "root"\n'
        (folder / "nsd.conf").write_text(
            f"server:\n  ip-address: 127.0.0.1@{port}\n  zonesdir: {folder}\n  pidfile: {folder}/pid\n"
            f'  xfrdfile: {folder}/xfrd\n  xfrdir: {folder}\n  zonelistfile: {folder}/list\n  database: ""\n'
            f"  logfile: {folder}/log\n  server-count: 1\n  rrl-ratelimit: 0\n{user}"
            f"remote-control:\n  control-enable: no\nzone:\n  name: .\n  zonefile: zone\n",
            encoding="utf-8",
        )
        with (folder / "out").open("wb") as out:
            server = subprocess.Popen([NSD, "-d", "-c", str(folder / "nsd.conf")], stdout=out, stderr=out)
            try:
                _wait(server, port, folder)
                yield port
            finally:
                server.terminate()
                server.wait(120)


def _wait(server: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            said = [(folder / name).read_text(errors="replace") for name in ("out", "log") if (folder / name).exists()]
            assert server.poll() is None, said
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nsd does not answer")

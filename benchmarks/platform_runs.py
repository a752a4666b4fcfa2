"""Apply against the emulator without limits and delays: what journalling, reading back and making live cost us.

The target is the product's without its own limits (``platform/stagemail_unlimited.py``): waiting is not measured.
Not here: Terraform's side (``works``).
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import corpus
from benchmarks.running import Measured, once
from benchmarks.works import Bench

_TARGET = (
    "{type: odc-unlimited, domain: DOMAIN, credentials: "
    "{clientId: stagemail-ci, clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET}}}}"
)
_EMULATOR = str(Path(sys.executable).with_name("odc-emulator"))


@contextmanager
def emulator(bench: Bench, apps: int) -> Iterator[str]:
    """A fresh organization; gives its address."""
    port_file = bench.work / "emulator.port"
    port_file.unlink(missing_ok=True)
    command = [
        _EMULATOR,
        "serve",
        "--no-limits",
        "--operation-seconds",
        "0",
        "--apps",
        str(apps),
    ]
    process = subprocess.Popen(
        [*command, "--port-file", str(port_file)], env=bench.environment, stdout=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60
        while not port_file.exists():
            if process.poll() is not None or time.monotonic() > end:
                sys.exit("the emulator did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{int(port_file.read_text(encoding='utf-8'))}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def applied(bench: Bench, apps: int) -> Measured:
    """One apply of this many apps to an organization that has none of it, from an empty record."""
    folder = bench.work / f"apply-{apps}"
    with emulator(bench, apps) as url:
        corpus.repository(folder, apps, _TARGET.replace("DOMAIN", url))
        once(bench.ours(folder, "target", "discover", "--write", cold=True))
        corpus.commit(folder, "Map our fields to the platform's")
        return once(bench.ours(folder, "apply"))

"""Apply against the emulator without limits and delays: what journalling, reading back and making live cost us.

The clock of both runs faster, because the target keeps the published limits whatever the emulator does.
Not here: Terraform's side (``works``).
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import corpus
from benchmarks.running import Measured, Side, once
from benchmarks.works import STAGEMAIL, Bench

SPEED = 1_000
"""The fastest that a clock may run: of 1,000 apps 6.1 s are still spent waiting for ten POSTs a minute."""
_TARGET = (
    "{type: odc, domain: DOMAIN, share: 100%, credentials: "
    "{clientId: stagemail-ci, clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET}}}}"
)
_EMULATOR = str(Path(sys.executable).with_name("odc-emulator"))


@contextmanager
def emulator(bench: Bench, apps: int) -> Iterator[tuple[str, str]]:
    """A fresh organization; gives its address and when it began."""
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
        "--speed",
        str(SPEED),
    ]
    since = datetime.now(UTC).isoformat()
    process = subprocess.Popen(
        [*command, "--port-file", str(port_file)], env=bench.environment, stdout=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60
        while not port_file.exists():
            if process.poll() is not None or time.monotonic() > end:
                sys.exit("the emulator did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{int(port_file.read_text(encoding='utf-8'))}", since
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def applied(bench: Bench, apps: int) -> Measured:
    """One apply of this many apps to an organization that has none of it, from an empty record."""
    folder = bench.work / f"apply-{apps}"
    with emulator(bench, apps) as (url, since):
        corpus.repository(folder, apps, _TARGET.replace("DOMAIN", url))
        clock = {"STAGEMAIL_CLOCK_SPEED": f"{SPEED}@{since}"}
        side = bench.ours(folder, "target", "discover", "--write", cold=True)
        once(Side([*STAGEMAIL, "target", "discover", "--write"], folder, {**side.environment, **clock}))
        corpus.commit(folder, "Map our fields to the platform's")
        return once(Side([*STAGEMAIL, "apply"], folder, {**side.environment, **clock}))

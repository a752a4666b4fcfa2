"""Many organizations, several workers: ``python -m benchmarks.workers [--organizations 100] [--workers 1,2,4,13]``.

Worker processes over a PostgreSQL of its own take the product's jobs and count the product's limits in the product's
database; what a pass would send is only counted, one place of the limit and a quarter of a second for each call (a
stage's listings and settings, and each of its apps), on a clock that runs faster. So what is measured is the sharing,
not HTTP on a busy machine.
Ends with an idle `stagemail worker`: its processor time and memory.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event
from typing import IO, TypeVar

from tests.postgresql import PostgreSql

from benchmarks.table import Row, table
from stagemail.dispatch.by_procrastinate import ProcrastinateDispatcher
from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.dispatch.spent import SharedSpent
from stagemail.model.job import Depth, Job

SHARE, WINDOW = 80, 61_000
LATENCY = 0.25
"""Seconds that a platform takes to answer a call."""
LISTINGS = 2
SLOTS = 8
IDLE = 30.0
Text = TypeVar("Text", str, bytes)


def main() -> int:
    """Measure, print."""
    arguments = _arguments()
    if arguments.work:
        return _work(arguments.work, arguments.calls, arguments.speed)
    server = PostgreSql({"max_connections": "200"})
    try:
        rows = [_measured(server, arguments, count) for count in map(int, arguments.workers.split(","))]
        sys.stdout.write(f"{table([*rows, _idle(server)])}\n")
    finally:
        server.close()
    return 0


def sizes(description: str | None) -> argparse.ArgumentParser:
    """The command line of a benchmark of many organizations, so far as they are alike."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--organizations", type=int, default=100)
    parser.add_argument("--stages", type=int, default=4)
    parser.add_argument("--apps", type=int, default=50)
    parser.add_argument("--workers", default="1,2,4,13")
    return parser


def _arguments() -> argparse.Namespace:
    parser = sizes(__doc__)
    parser.add_argument("--speed", type=float, default=4.0)
    parser.add_argument("--work", default="", help=argparse.SUPPRESS)
    parser.add_argument("--calls", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def _work(address: str, calls: int, speed: float) -> int:
    """One worker process: every job takes its calls' places, and waits as the limits say."""
    database = JobsDatabase(address, connections=SLOTS).prepare()
    spent = SharedSpent(database, speed)
    dispatcher = ProcrastinateDispatcher(database, SLOTS, speed=speed)

    def reconcile(job: Job) -> None:
        for _ in range(calls):
            time.sleep(LATENCY / speed)
            while wait := spent.take(job.key, SHARE, WINDOW):
                time.sleep(wait / 1000 / speed)

    dispatcher.serve(reconcile)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    return 0 if dispatcher.stop(5.0) else 1


def _measured(server: PostgreSql, given: argparse.Namespace, count: int) -> Row:
    address = server.url(server.create())
    calls = given.apps + LISTINGS
    program = [sys.executable, "-m", "benchmarks.workers", "--work", address, "--calls", str(calls)]
    workers = [
        subprocess.Popen([*program, "--speed", str(given.speed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    database = JobsDatabase(address).prepare()
    jobs = ProcrastinateDispatcher(database, 1)
    try:
        for worker in workers:
            pipe(worker.stdout).readline()
        start = time.monotonic()
        for stage in range(given.stages):
            for organization in range(given.organizations):
                jobs.submit(Job("reconcile", f"{organization}-{stage}", f"org-{organization}"))
        while jobs.depth() != Depth(0, 0):
            time.sleep(0.2)
        took = (time.monotonic() - start) * given.speed
    finally:
        for worker in workers:
            pipe(worker.stdin).close()
            worker.wait(15)
        database.close()
    windows = -(-given.stages * calls // SHARE) - 1
    least = max(windows * WINDOW / 1000, 1.0)
    what = f"{given.organizations} organizations × {given.stages} stages × {given.apps} apps, {count} × {SLOTS} at once"
    sys.stderr.write(f"{what}: {took:.0f} s, {took / given.speed:.0f} s real\n")
    return Row(what, f"{took:.0f} s", f"limits alone {least:.0f} s", f"×{took / least:.1f}", "→ ×1", None, 1)


def _idle(server: PostgreSql) -> Row:
    """An idle worker of the product: processor time in 30 s, and memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stagemail.yaml").write_text(
            "apiVersion: stagemail/v1\nkind: Operator\n"
            f"state: {server.url(server.create())}\n"
            "targets: {odc: {type: odc, domain: 'http://127.0.0.1:9', credentials: {clientId: c, clientSecret: "
            "{secretRef: {store: env, key: C}}}}}\n"
            "stages: {qa: {target: odc, environment: QA, purpose: non-production}}\n"
            "secretStores: {env: {type: env, prefix: STAGEMAIL_}}\n"
        )
        program = [sys.executable, "-m", "stagemail", "worker"]
        with subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, env=dict(os.environ)) as worker:
            pipe(worker.stdout).readline()
            Event().wait(5.0)  # what a start takes is not idling
            before = _ticks(worker.pid)
            Event().wait(IDLE)
            share = (_ticks(worker.pid) - before) / os.sysconf("SC_CLK_TCK") / IDLE
            status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
            resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
            worker.terminate()
    good = share <= 0.01 and resident <= 100
    return Row("idle worker", f"{share:.2%}, {resident:.0f} MB", "", "", "≤ 1 %, ≤ 100 MB", good, 1)


def pipe(stream: IO[Text] | None) -> IO[Text]:
    """A pipe that was asked for."""
    if stream is None:
        raise ValueError
    return stream


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    sys.exit(main())

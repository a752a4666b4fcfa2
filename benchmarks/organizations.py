"""Many organizations by real processes: ``python -m benchmarks.organizations [--organizations 100] [--workers 4,13]``.

A real ``stagemail controller --leave-to-workers`` and real ``stagemail worker`` processes over a PostgreSQL of its own
look at every stage once; each organization is an emulator over HTTP that keeps the published limits. The clocks run at
their normal speed. What is measured is from the controller's start until the last stage was looked at; beside it stands
what the limits alone need for so many calls to one organization. One small organization tells which settings are the
email settings; all are of the same profile. ``workers`` measures the sharing without HTTP.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml
from tests.postgresql import PostgreSql

from benchmarks import corpus
from benchmarks.table import Row, table
from benchmarks.workers import pipe, sizes
from odc_emulator.client import EmulatorControl
from odc_emulator.seed import generated_seed
from odc_emulator.server import EmulatorServer

SHARE, WINDOW = 80, 61.0
"""Calls in so many seconds: what a target takes of the limit of 100 a minute (docs/reference/calls.md)."""
HOSTS = 4
"""Processes that hold the emulators."""
MOST = 100
"""Stages that one document may name."""
LONGEST = 3600.0
_EMAIL = """apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {name: relay-NUMBER}
spec:
  stages: [STAGES]
  server: {host: smtp.example.com, port: 587, security: starttls}
  sender: {address: no-reply@example.com}
  recipients: {mode: test-list, testList: [{address: qa@example.com}]}
---
apiVersion: stagemail/v1
kind: AppBinding
metadata: {name: all-NUMBER}
spec:
  stages: [STAGES]
  configuration: relay-NUMBER
  apps: ["*"]
"""


def main() -> int:
    """Measure, print."""
    given = _arguments()
    if given.serve:
        return _serve(given.after, given.serve, given.stages, given.apps)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        server = PostgreSql({"max_connections": "400"})
        stack.callback(server.close)
        count = -(-given.organizations // HOSTS)
        urls = [url for host in range(HOSTS) for url in stack.enter_context(_hosted(given, host * count, count))]
        folder = _made(Path(name), urls[: given.organizations], given.stages, given.at_once)
        _map(folder, given.organizations, given.stages)
        rows = []
        for place, workers in enumerate(map(int, given.workers.split(","))):
            time.sleep(WINDOW if place else 0.0)  # what was asked before must not count
            rows.append(_measured(folder, server, urls, given, workers))
    sys.stdout.write(f"{table(rows)}\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = sizes(__doc__)
    parser.add_argument("--at-once", type=int, default=8, help="stages that one worker looks at at once")
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--after", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def _serve(after: int, count: int, stages: int, apps: int) -> int:
    """Emulators in one process, until its input ends."""
    with ExitStack() as stack:
        for number in range(after + 1, after + count + 1):
            seed = generated_seed(apps, stages)
            for place, stage in enumerate(seed.stages):
                stage.key = _key(number, place)
            emulator = stack.enter_context(EmulatorServer("symbol-live", seed=seed))
            sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.write("\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


def _key(organization: int, stage: int) -> str:
    """Of an environment: no two organizations share one."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{organization}/{stage}"))


@contextmanager
def _hosted(given: argparse.Namespace, after: int, count: int) -> Iterator[list[str]]:
    program = [sys.executable, "-m", "benchmarks.organizations", "--serve", str(count), "--after", str(after)]
    program += ["--stages", str(given.stages), "--apps", str(given.apps)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield [line.strip() for line in iter(pipe(process.stdout).readline, "\n")]
        process.communicate()


def _made(folder: Path, urls: Sequence[str], stages: int, at_once: int) -> Path:
    """A repository with a pair of documents for every hundred stages, and the operator file and mapping beside it."""
    environments = [stage.name for stage in generated_seed(1, stages).stages]
    targets, names = [], []
    for number, url in enumerate(urls, 1):
        targets.append(
            f"  org{number:03}: {{type: odc, domain: '{url}', mapping: odc-mapping.yaml, credentials: "
            "{clientId: stagemail-ci, clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET}}}}"
        )
        names += [
            f"  s{number:03}-{place}: {{target: org{number:03}, environment: {name}, purpose: "
            f"{'production' if name == 'Production' else 'non-production'}, folders: [environments/all]}}"
            for place, name in enumerate(environments)
        ]
    named = [line.split(":")[0].strip() for line in names]
    shares = [", ".join(named[first : first + MOST]) for first in range(0, len(named), MOST)]
    pairs = [_EMAIL.replace("STAGES", share).replace("NUMBER", str(number)) for number, share in enumerate(shares)]
    documents = folder / "documents"
    (documents / "environments" / "all").mkdir(parents=True)
    (documents / "environments" / "all" / "email.yaml").write_text("---\n".join(pairs), encoding="utf-8")
    corpus.git(documents, "init", "-q", "-b", "main")
    corpus.commit(documents, "Describe every stage")
    text = "\n".join(
        [
            "apiVersion: stagemail/v1",
            "kind: Operator",
            f'source: {{url: "file://{documents}", branch: main}}',
            f"controller: {{workers: {at_once}, observe: 30d}}",
            "ownDomains: [example.com]",
            "secretStores: {env: {type: env, prefix: STAGEMAIL_}}",
            "targets:",
            *targets,
            "stages:",
            *names,
        ]
    )
    (folder / "stagemail.yaml").write_text(text + "\n", encoding="utf-8")
    return folder


def _map(folder: Path, organizations: int, stages: int) -> None:
    """Write the mapping of all: what a small organization of the same profile has, with each one's environments."""
    with EmulatorServer("symbol-live", seed=generated_seed(1, stages)) as emulator:
        small = folder / "small"
        small.mkdir()
        _made(small, [emulator.url], stages, 1)
        command = [sys.executable, "-m", "stagemail", "target", "discover", "--write"]
        subprocess.run(command, cwd=small, env=_environment(), check=True, capture_output=True)
        found = yaml.safe_load((small / "odc-mapping.yaml").read_text(encoding="utf-8"))
    every = {
        f"s{number:03}-{place}": {**found["stages"][f"s001-{place}"], "environment": _key(number, place)}
        for number in range(1, organizations + 1)
        for place in range(stages)
    }
    apart = json.loads(json.dumps({**found, "stages": every}))  # nothing is shared, so nothing is an alias
    text = yaml.safe_dump(apart, sort_keys=False)
    (folder / "odc-mapping.yaml").write_text(text, encoding="utf-8")


def _measured(folder: Path, server: PostgreSql, urls: Sequence[str], given: argparse.Namespace, count: int) -> Row:
    stages = given.organizations * given.stages
    before = sum(_refused(url) for url in urls)
    state = ["--state", server.url(server.create())]
    logs = [folder / f"worker-{count}-{number}.log" for number in range(count)]
    with ExitStack() as stack:
        for log in logs:
            stack.enter_context(_process(folder, log, [*state, "worker"]))
        while not all(log.stat().st_size for log in logs):
            time.sleep(0.1)
        start = time.monotonic()
        leading = [*state, "controller", "--leave-to-workers"]
        stack.enter_context(_process(folder, folder / f"controller-{count}.log", leading))
        while (done := _looked_at(logs))[0] < stages:
            if time.monotonic() - start > LONGEST:
                sys.exit(f"only {done[0]} of {stages} stages were looked at in {LONGEST:.0f} s")
            time.sleep(1.0)
        took = time.monotonic() - start
    refused = sum(_refused(url) for url in urls) - before
    calls = given.stages * (given.apps + 1) + 1
    least = max((-(-calls // SHARE) - 1) * WINDOW, 1.0)
    size = f"{given.organizations} organizations × {given.stages} stages × {given.apps} apps"
    what = f"{size}, {count} × {given.at_once} at once"
    shown = f"{took:.0f} s, {refused} × 429, {done[1]} tried again"
    sys.stderr.write(f"{what}: {shown}\n")
    return Row(what, shown, f"limits alone {least:.0f} s", f"×{took / least:.1f}", "→ ×1", None, 1)


def _looked_at(logs: Sequence[Path]) -> tuple[int, int]:
    """How many stages the workers looked at, and how many of their looks could not be made and were tried again."""
    said = [
        json.loads(line) for log in logs for line in log.read_text(encoding="utf-8").splitlines() if line[:1] == "{"
    ]
    looks = [one for one in said if one["event"] == "finished"]
    return len({one["stage"] for one in looks if not one.get("error")}), sum(1 for one in looks if one.get("error"))


def _refused(url: str) -> int:
    with EmulatorControl(url) as control:
        return sum(control.refused().values())


@contextmanager
def _process(folder: Path, log: Path, command: Sequence[str]) -> Iterator[None]:
    with log.open("wb") as out:
        program = [sys.executable, "-m", "stagemail", *command, "--log-format", "json"]
        environment = {**_environment(), "XDG_CACHE_HOME": str(log.with_suffix(""))}  # as on a host of its own
        process = subprocess.Popen(program, cwd=folder, env=environment, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _environment() -> dict[str, str]:
    return {**os.environ, "STAGEMAIL_ODC_CLIENT_SECRET": "emulator-secret"}


if __name__ == "__main__":
    sys.exit(main())

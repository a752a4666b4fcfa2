"""What a controller costs that has nothing to do: processor and memory of the whole process, its children included.

Each run is a real ``stagemail controller`` over a Git remote and a platform that is a file, so that what is measured is
our own work. Not here: the table.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpus
from benchmarks.works import STAGEMAIL, Bench

_HEAD = """apiVersion: stagemail/v1
kind: Operator
source: {{url: "file://{remote}", branch: main}}
controller: {{poll: {poll}, observe: {observe}, workers: 1}}
state: sqlite:///stagemail.db
secretStores:
  env: {{type: env, prefix: STAGEMAIL_}}
ownDomains: [example.com]
targets:
"""
_TARGET = "  {name}: {{type: local, file: {name}.json}}\n"
_STAGE = "  {name}: {{target: {target}, environment: {name}, purpose: non-production, sync: {{automated: true}}}}\n"
SHARED = 10
"""Stages of one platform file: what one of them costs must not grow with a file of all."""
LONGEST = 600.0
"""Seconds that first passes may take."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """``share`` of one core over ``seconds``, ``memory`` in mebibytes, ``passes`` that stages had meanwhile."""

    share: float
    seconds: float
    memory: float
    passes: int

    @property
    def each(self) -> float:
        """Seconds of processor time for each pass, with all that goes on beside them."""
        return self.share * self.seconds / max(1, self.passes)


def idle(bench: Bench, stages: int, seconds: float) -> Cost:
    """Every stage was looked at; nothing is due but the source, once a minute."""
    return _measured(_made(bench, stages, poll="60s", observe="30d"), bench, stages, seconds)


def looking(bench: Bench, stages: int, seconds: float) -> Cost:
    """Every stage is looked at for drift once a minute, and is as Git wants it."""
    return _measured(_made(bench, stages, poll="60s", observe="60s"), bench, stages, seconds)


def _made(bench: Bench, stages: int, *, poll: str, observe: str) -> Path:
    folder = bench.work / f"controller-{stages}-{observe}"
    names = [f"s{number:05}" for number in range(1, stages + 1)]
    one = corpus.repository(folder / "documents", 1)
    documents = [one / "environments" / "qa" / name for name in ("email.yaml", "app-00001.yaml")]
    texts = {path.name: path.read_text(encoding="utf-8") for path in documents}
    platform = json.loads((one / "platform.json").read_text(encoding="utf-8"))["qa"]
    corpus.git(one, "rm", "-rq", "environments/qa")
    for name in names:
        (one / "environments" / name).mkdir(parents=True)
        for file, text in texts.items():
            (one / "environments" / name / file).write_text(text, encoding="utf-8")
    corpus.commit(one, "Describe every stage")
    groups = {f"p{place:05}": names[place : place + SHARED] for place in range(0, len(names), SHARED)}
    text = _HEAD.format(remote=one, poll=poll, observe=observe)
    text += "".join(_TARGET.format(name=group) for group in groups) + "stages:\n"
    for group, members in groups.items():
        text += "".join(_STAGE.format(name=name, target=group) for name in members)
        every = {name: {**platform, "key": f"environment-{name}", "name": name} for name in members}
        (folder / f"{group}.json").write_text(json.dumps(every), encoding="utf-8")
    (folder / "stagemail.yaml").write_text(text, encoding="utf-8")
    return folder


def _measured(folder: Path, bench: Bench, stages: int, seconds: float) -> Cost:
    """Of a start that finds its record: the one before it made the record, which takes Alembic, once a release."""
    with controlling(folder, bench) as (_, log):
        _wait(log, stages)
    with controlling(folder, bench) as (process, log):
        _wait(log, stages)
        before, begun, passes = _cpu(process.pid), time.monotonic(), _passes(log)
        time.sleep(seconds)
        spent, lasted = _cpu(process.pid) - before, time.monotonic() - begun
        return Cost(spent / lasted, lasted, _memory(process.pid), _passes(log) - passes)


def _wait(log: Path, stages: int) -> None:
    """Until every stage had its first pass."""
    deadline = time.monotonic() + LONGEST
    while _passes(log) < stages and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(1.0)


@contextmanager
def controlling(folder: Path, bench: Bench) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """A controller of this folder's operator file, and its log: JSON lines."""
    log = folder / "controller.log"
    environment = {**bench.environment, "XDG_CACHE_HOME": str(folder / "cache")}
    with log.open("wb") as out:
        command = [*STAGEMAIL, "controller", "--log-format", "json"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
    try:
        yield process, log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _passes(log: Path) -> int:
    return log.read_bytes().count(b'"event": "finished"')


def _cpu(pid: int) -> float:
    """Seconds of processor time of a process and of its children that have ended (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / _TICKS


def _memory(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0

"""``python -m tests.faults.soak --seconds 3600``: a controller under commits, portal edits, rotations and failures.

Time runs ``--speed`` times as fast for stagemail and the emulated platform; one seed gives one sequence of deeds.
Prints what it found as JSON. Not here: what the deeds are (``deeds``), what must hold (``test_soak``).
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

from tests.acceptance import bench as benches
from tests.acceptance.bench import PASSWORD, Bench, make_repository
from tests.faults.deeds import INTERVAL, Deeds, set_up
from tests.faults.model import STAGES, Model

from odc_emulator.seed import SECRET
from odc_emulator.server import EmulatorServer
from stagemail.resources.location import sample_folder
from stagemail.wiring.clock import SPEED_VARIABLE, clock_from

SETTLE = 240.0
"""Seconds of real time in which everything must be as Git wants it once nothing disturbs it any more."""


@dataclass(slots=True)
class Sample:
    """One look at the processes of a controller: seconds since the start, KiB, descriptors, threads."""

    at: float
    memory: int
    descriptors: int
    threads: int


@dataclass(slots=True)
class Found:
    """What a soak found. Seconds of drift are of the fast clock; ``interval`` too."""

    seconds: float
    speed: float
    seed: int
    deeds: dict[str, int] = field(default_factory=dict)
    passes: int = 0
    failed_passes: int = 0
    interval: float = INTERVAL
    """The documented one: the operator file's, or what `status` says where the platform's limits make it longer."""
    noticed: list[float] = field(default_factory=list)
    """Seconds from each edit in the portal to the beginning of the first whole pass after it."""
    disturbed: list[float] = field(default_factory=list)
    """The same where the platform or Git was made to fail since the look before, or a pass ended in an error."""
    late: list[str] = field(default_factory=list)
    """Edits that nothing disturbed and that were noticed later than the interval."""
    missed: list[str] = field(default_factory=list)
    """Edits that the first whole pass after them did not find."""
    unseen: int = 0
    """Edits after which the time was over before the next look was due."""
    stall: float = 0.0
    """The longest time in which this driver itself was not run, in seconds of real time."""
    unsettled: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)
    writes: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    """Answers 429 beyond those that were ordered."""
    plan: int = -1
    left: str = ""
    """What `plan` said where something was left to do."""
    journal: str = ""
    errors: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def quarter(self, number: int, what: str) -> float:
        """The median of a measure in one of the four quarters of the time."""
        length = max(1, len(self.samples) // 4)
        return statistics.median(getattr(each, what) for each in self.samples[number * length :][:length])

    def summary(self) -> dict[str, Any]:
        """All but the single values."""
        shown = {key: value for key, value in asdict(self).items() if key not in ("samples", "noticed", "disturbed")}
        for key in ("noticed", "disturbed"):
            times = getattr(self, key)
            shown[key] = {"count": len(times), "longest": round(max(times, default=0.0), 1)}
        for what in ("memory", "descriptors", "threads"):
            shown[what] = [self.quarter(number, what) for number in range(4)] if self.samples else []
        return shown


class Watcher:
    """Reads the controller's log as it comes: what passed when."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path | None) -> None:
        self._log = log
        self.finished: list[tuple[datetime, dict[str, Any]]] = []
        self.last: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self.other: list[str] = []
        self._thread = threading.Thread(target=self._read, args=[process], daemon=True)
        self._thread.start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(line)
            if not line.startswith("{"):
                self.other.append(line.rstrip())
                continue
            said = json.loads(line)
            at = datetime.fromisoformat(said["timestamp"])
            if said["event"] == "finished":
                self.finished.append((at, said))
                self.last[said["stage"]] = (at, said)
            elif said["event"] in ("troubled", "complaint"):
                self.other.append(line.rstrip())

    def held(self) -> dict[str, datetime]:
        """The stages whose last pass left something to a person, and when it ended."""
        return {stage: at for stage, (at, said) in list(self.last.items()) if said.get("status") == "held"}

    def are_done(self, since: datetime) -> bool:
        """Whether a pass of every stage that began after this moment ended well, and none after it did not."""
        last = list(self.last.values())
        return len(last) == len(STAGES) and all(
            _began(at, said) > since and said.get("status") == "done" and not said.get("error") for at, said in last
        )

    def join(self) -> None:
        self._thread.join(120)


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def sampled(pid: int, at: float) -> Sample:
    """Resident memory, descriptors and threads of a controller and its web process; git's short lives left out."""
    memory = descriptors = threads = 0
    for each in family(pid):
        try:
            if each != pid and b"stagemail.web" not in Path(f"/proc/{each}/cmdline").read_bytes():
                continue
            status = dict(
                line.split(":", 1) for line in Path(f"/proc/{each}/status").read_text().splitlines() if ":" in line
            )
            memory += int(status["VmRSS"].split()[0])
            threads += int(status["Threads"])
            descriptors += len(list(Path(f"/proc/{each}/fd").iterdir()))
        except (OSError, KeyError):  # it has just ended
            continue
    return Sample(round(at, 1), memory, descriptors, threads)


@contextmanager
def workbench(folder: Path, speed: float) -> Iterator[Bench]:
    """A repository, its bare remote and an emulated platform, all with the fast clock."""
    since = datetime.now(UTC).isoformat()
    with EmulatorServer("guid-pending", speed=speed) as emulator:
        environment = {
            "STAGEMAIL_ODC_CLIENT_SECRET": SECRET,
            "STAGEMAIL_SMTP_QA": PASSWORD,
            SPEED_VARIABLE: f"{speed:g}@{since}",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "COLUMNS": "80",
        }
        make_repository(folder, sample_folder(), emulator.url, None)
        bench = Bench(folder, emulator, environment, cast("Any", None), cast("Any", None))
        assert command(bench, "target", "discover", "--write")[0] == 0
        set_up(bench)
        yield bench


def command(bench: Bench, *arguments: str) -> tuple[int, str]:
    """A command as a process of its own: its exit code and what it said."""
    process = bench.start(*arguments)
    out, err = process.communicate(timeout=300)
    return process.returncode, out + err


def soak(
    seconds: float, speed: float, seed: int, folder: Path, *, progress: bool = False, log: Path | None = None
) -> Found:
    """Do deeds for so many seconds of real time, then let everything settle, and say what was found.

    ``progress``: tell it each minute; ``log``: where the controller's log is kept.
    """
    benches.PATIENCE = max(benches.PATIENCE, seconds / 10)  # a busy machine ends no long soak
    found = Found(seconds, speed, seed)
    with workbench(folder, speed) as bench:
        code, said = command(bench, "apply")
        assert code == 0, said
        process = bench.start("controller", "--log-format", "json")
        watcher = Watcher(process, log)
        model = Model(bench)
        now = clock_from(bench.environment[SPEED_VARIABLE]).now
        deeds = Deeds(bench, model, seed, speed, now=now, held=watcher.held)
        try:
            bench.until(lambda: any("listening" in line for line in watcher.other), "it listens")
            _disturb(found, deeds, process, seconds, watcher if progress else None)
            deeds.end()
            _settle(found, model, deeds, partial(watcher.are_done, now()))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=120)
            except subprocess.TimeoutExpired:
                process.kill()
            watcher.join()
        assert process.stdout is not None
        assert process.stderr is not None
        found.errors += [line for line in process.stderr.read().splitlines() if line.strip()]
        process.stdout.close()
        process.stderr.close()
        found.errors += [line for line in watcher.other if "defect" in line or "Traceback" in line]
        if process.returncode != 0:
            found.errors.append(f"the controller ended with {process.returncode}")
        _judge(found, bench, model, deeds, watcher)
    return found


def _disturb(
    found: Found, deeds: Deeds, process: "subprocess.Popen[str]", seconds: float, told_of: Watcher | None
) -> None:
    start, told, last = time.monotonic(), 0.0, time.monotonic()
    while (gone := time.monotonic() - start) < seconds:
        assert process.poll() is None, "the controller ended"
        deeds.step()
        found.stall, last = max(found.stall, time.monotonic() - last), time.monotonic()
        if not found.samples or gone - found.samples[-1].at >= seconds / 400:
            found.samples.append(sampled(process.pid, gone))
        if told_of is not None and gone - told >= 60:
            told = gone
            _judge_edits(found, deeds, told_of)
            longest = {name: max(getattr(found, name), default=0.0) for name in ("noticed", "disturbed")}
            sys.stderr.write(f"{gone:.0f} s: {dict(deeds.counts)} {found.samples[-1]} {longest} late: {found.late}\n")
            sys.stderr.flush()
        time.sleep(0.05)


def _settle(found: Found, model: Model, deeds: Deeds, are_done: Callable[[], bool]) -> None:
    """Wait until all is live, and every stage was looked at once more and found so."""
    end = time.monotonic() + SETTLE
    while ((wrong := model.differences()) or not are_done()) and time.monotonic() < end:
        time.sleep(0.2)
        deeds.look()
        deeds.decide()
    found.unsettled = wrong


def _judge(found: Found, bench: Bench, model: Model, deeds: Deeds, watcher: Watcher) -> None:
    found.deeds = dict(deeds.counts)
    found.passes = len(watcher.finished)
    found.failed_passes = sum(1 for _, said in watcher.finished if said.get("error"))
    found.interval = max(INTERVAL, _shortest(bench))
    _judge_edits(found, deeds, watcher)
    found.writes = {f"{method} {where}": count for (method, where), count in sorted(bench.writes().items())}
    found.needless = model.needless()
    found.refused = sum(bench.platform.refused().values())
    found.plan, said = command(bench, "plan", "--detailed-exitcode")
    found.left = said if found.plan else ""
    found.journal = command(bench, "history", "--verify")[1].strip()


def _judge_edits(found: Found, deeds: Deeds, watcher: Watcher) -> None:
    """When each edit was looked at: from the edit to the beginning of the first whole pass of its stage after it."""
    found.noticed, found.disturbed, found.late, found.missed, found.unseen = [], [], [], [], 0
    finished = list(watcher.finished)
    for edit in deeds.edits:
        passes = [(_began(at, said), at, said) for at, said in finished if said["stage"] == edit.stage]
        before = max((end for begin, end, said in passes if begin < edit.at and _is_whole(said)), default=edit.at)
        after = [(begin, end) for begin, end, said in passes if begin >= edit.at and _is_whole(said)]
        if not after:
            found.unseen += 1
            continue
        late = (after[0][0] - edit.at).total_seconds()
        bad = any(each.since <= after[0][0] and each.until >= min(before, edit.at) for each in deeds.bad)
        bad = bad or any(before < begin < after[0][0] and not _is_whole(said) for begin, _, said in passes)
        (found.disturbed if bad else found.noticed).append(round(late, 1))
        if not bad and late > found.interval:
            between = [
                f"{said['stage']} {said['reason']} {(_began(at, said) - edit.at).total_seconds():.0f}"
                f" to {(at - edit.at).total_seconds():.0f} {said.get('status')}"
                for at, said in finished
                if _began(at, said) <= after[0][0] and at >= min(before, edit.at)
            ]
            found.late.append(f"{edit.stage} {edit.field} {late:.0f} s; passes: {'; '.join(between)}")
        until = edit.there_at or edit.at  # whoever looks seldom sees late that it is gone
        done = [at for begin, at, said in passes if begin >= edit.at and said.get("status") == "done" and at < until]
        if not edit.overtaken and len(done) > 1:
            found.missed.append(f"{edit}")


def _is_whole(said: dict[str, Any]) -> bool:
    return not said.get("error") and said.get("status") in ("done", "held")


def _began(at: datetime, said: dict[str, Any]) -> datetime:
    return at - timedelta(seconds=float(said.get("seconds", 0.0)))


def _shortest(bench: Bench) -> float:
    """The shortest interval that the platform's limits allow, as `status` tells it."""
    code, said = command(bench, "status", "--format", "json")
    assert code in (0, 3, 4), said
    return max((float(watch["seconds"]) for watch in json.loads(said)["watch"]), default=0.0)


def main() -> None:
    """Run it as the options say; exit code 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="real time")
    parser.add_argument("--speed", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, help="keep the controller's log there")
    parser.add_argument("--out", type=Path, help="write all single values there, as JSON")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = soak(given.seconds, given.speed, given.seed, Path(folder), progress=True, log=given.log)
    if given.out:
        given.out.write_text(json.dumps(asdict(found)), encoding="utf-8")
    sys.stdout.write(json.dumps(found.summary(), indent=2) + "\n")
    sys.exit(1 if found.unsettled or found.missed or found.errors or found.needless or found.plan or found.late else 0)


if __name__ == "__main__":
    os.environ.pop(SPEED_VARIABLE, None)
    main()

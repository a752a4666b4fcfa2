"""``make bench``: everything in full, five rounds of each (half an hour); ``BENCH=quick make bench``: a tenth.

Words after ``python -m benchmarks`` name the sections that are wanted (``help plan apply``…). Prints one table. Exit
code 0 also where a goal is not met: these are figures to read, never a test.
"""

import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks import controllers, corpus, loops, mail, peers, platform_runs, preflights, secret_reads, webhooks, works
from benchmarks.flood import flood
from benchmarks.running import Medians, interleaved, once
from benchmarks.table import Row, compared, table
from benchmarks.works import Bench
from stagemail.wiring.mail import SIDE_BY_SIDE

WORK = Path(__file__).parent / ".work"
QUICK = os.environ.get("BENCH") == "quick"
ROUNDS = 3 if QUICK else 5
FILES = 100 if QUICK else 1000
SECONDS = 10.0 if QUICK else math.inf
"""Of each section: when no further round begins; what is under way ends."""


def main(wanted: Collection[str]) -> int:
    """Generate, measure, print."""
    unknown = sorted(set(wanted) - set(SECTIONS))
    if unknown:
        sys.stderr.write(f"no section {', '.join(unknown)}; there are: {', '.join(SECTIONS)}\n")
        return 2
    peers.install()
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / "home").mkdir(parents=True)
    bench = Bench(WORK)
    start = time.monotonic()
    rows: list[Row] = []
    for name in wanted or SECTIONS:
        for row in SECTIONS[name](bench, time.monotonic() + SECONDS):
            rows.append(replace(row, met=None) if QUICK else row)
            sys.stderr.write(f"{time.monotonic() - start:4.0f} s  {row.work}: {row.ours}, {row.peer}" + "\n")
    head = "Medians of wall-clock seconds (processor seconds in brackets); n: rounds, each side once per round."
    sys.stdout.write(f"{head}\n\n{table(rows)}\n")
    shutil.rmtree(WORK, ignore_errors=True)
    return 0


def _help(bench: Bench, until: float) -> Iterator[Row]:
    found = interleaved(works.help_(bench), ROUNDS, until)
    yield compared("--help", found["ours"], found["octoDNS"], "octodns-sync", 2)


def _mail(_bench: Bench, _until: float) -> Iterator[Row]:
    yield mail.review(ROUNDS * 3)
    yield mail.inbox(ROUNDS, 1600 if QUICK else 4800)


def _plan(bench: Bench, until: float) -> Iterator[Row]:
    found = interleaved(works.plan(bench, FILES), ROUNDS, until, warm=False)
    what = f"plan, {FILES:,} files"
    yield compared(f"{what}, nothing to do", found["ours"], found["octoDNS"], "octoDNS", 8)
    yield compared(f"{what}, nothing to do", found["ours"], found["Terraform"], "Terraform", 4)
    yield compared(f"{what}, 1 % changed, warm", found["ours, 1 %"], found["octoDNS, 1 %"], "octoDNS", 40)
    yield compared(f"{what}, 1 % changed, warm", found["ours, 1 %"], found["Terraform, 1 %"], "Terraform", 12)
    yield compared(f"{what}, tree unchanged", found["ours, unchanged"], found["Terraform"], "Terraform", 30)


def _flat(bench: Bench, until: float) -> Iterator[Row]:
    sizes = (10, 1000) if QUICK else (100, 10_000)
    found = interleaved(works.flat(bench, sizes), ROUNDS, until)
    small, large = (found[str(size)] for size in sizes)
    shown = f"{small.wall:.2f} → {large.wall:.2f} s"
    growth = large.wall / small.wall
    work = f"plan, tree unchanged, {sizes[0]:,} → {sizes[1]:,} files"
    yield Row(work, shown, "", f"×{growth:.2f}", "flat (≤ ×1.5)", growth <= 1.5, len(large.rounds))


def _memory(bench: Bench, _until: float) -> Iterator[Row]:
    for members in (2, corpus.MEMBERS):
        found = once(works.memory(bench, members))
        work = f"memory, plan of 10,000 bindings in 100 files, {members} members each"
        yield Row(work, f"{found.memory:.0f} MB", "", "", "≤ 150 MB", found.memory <= 150, 1)


def _secrets(_bench: Bench, _until: float) -> Iterator[Row]:
    count = FILES
    many, asked = secret_reads.read_all(count, secret_reads.SECRET_WORKERS)
    single, _ = secret_reads.read_all(count, 1)
    ratio = single / many
    work = f"{count:,} secrets, store with 50 ms latency ({asked:,} reads)"
    met = ratio >= 10 and asked == count
    yield Row(work, f"{many:.2f} s", f"one by one {single:.2f} s", f"1/{ratio:.1f}", "≤ 1/10", met, 1)


def _preflight(_bench: Bench, _until: float) -> Iterator[Row]:
    count = 30 if QUICK else 100
    many, passed = preflights.tried(count, SIDE_BY_SIDE)
    single, _ = preflights.tried(count, 1)
    times = many / preflights.WAIT
    work = f"preflight, {count} stages, each server waits {preflights.WAIT} s ({passed} passed)"
    met = passed == count and many <= single / 10
    ours, peer = f"{many:.2f} s (×{times:.1f} the slowest)", f"one by one {single:.2f} s"
    yield Row(work, ours, peer, f"1/{single / many:.1f}", "≤ 1/10", met, 1)


def _loop(_bench: Bench, _until: float) -> Iterator[Row]:
    small, large = loops.per_stage(10), loops.per_stage(10_000)
    shown = f"{small * 1e6:.1f} → {large * 1e6:.1f} µs"
    work = "the loop for each stage that is due, 10 → 10,000 stages"
    yield Row(work, shown, "", f"×{large / small:.2f}", "flat (≤ ×1.5)", large <= 1.5 * small, 5)


def _idle(bench: Bench, _until: float) -> Iterator[Row]:
    stages = 20 if QUICK else 400
    found = controllers.idle(bench, stages, 20.0 if QUICK else 65.0)
    work = f"controller, {stages} stages, nothing new, a look a minute"
    shown = f"{found.share:.2%} of a core"
    yield Row(work, shown, "", "", "≤ 1 %", found.share <= 0.01, 1)
    yield Row(f"{work}: memory", f"{found.memory:.0f} MB", "", "", "≤ 100 MB", found.memory <= 100, 1)


def _passes(bench: Bench, _until: float) -> Iterator[Row]:
    sizes = (10, 100) if QUICK else (10, 10_000)
    small, large = (controllers.looking(bench, size, 20.0 if QUICK else 60.0).each for size in sizes)
    shown = f"{small * 1e3:.1f} → {large * 1e3:.1f} ms"
    work = f"a pass that finds nothing to do, {sizes[0]:,} → {sizes[1]:,} stages, processor time"
    yield Row(work, shown, "", f"×{large / small:.2f}", "flat (≤ ×1.5)", large <= 1.5 * small, 1)


def _webhook(bench: Bench, _until: float) -> Iterator[Row]:
    found = webhooks.to_patch(bench, 3 if QUICK else 10)
    shown = f"{median(found):.2f} s ({min(found):.2f} to {max(found):.2f})"
    yield Row("commit and webhook → PATCH at the emulator", shown, "", "", "≤ 2 s", max(found) <= 2, len(found))


def _flood(_bench: Bench, _until: float) -> Iterator[Row]:
    found = flood(Path(__file__).parents[1], 3.0 if QUICK else 10.0)
    ratio = found.flooded / found.calm
    what = f"loading all documents while {found.rate:,.0f} forged webhooks a second come"
    shown = f"{found.calm * 1000:.0f} → {found.flooded * 1000:.0f} ms"
    told = f"{found.connections:,.0f} connections a second, {found.answered:,.0f} of them answered"
    yield Row(f"{what}: how they came", told, "", "", "", None, 1)
    yield Row(what, shown, "", f"×{ratio:.1f}", "≤ ×2", ratio <= 2, 1)
    yield Row(
        "memory of the web process then", f"{found.memory / 1e6:.0f} MB", "", "", "< 300 MB", found.memory < 3e8, 1
    )


def _apply(bench: Bench, until: float) -> Iterator[Row]:
    sizes = (30, 100) if QUICK else (100, 1000)
    processor: list[float] = []
    for size in sizes:
        ours, theirs = Medians(), Medians()
        works.terraform_init(bench, size)
        for number in range(ROUNDS):
            if number and time.monotonic() > until:
                break
            ours.rounds.append(platform_runs.applied(bench, size))
            theirs.rounds.append(once(works.terraform_apply(bench, size)))
        processor.append(ours.cpu)
        row = compared(f"apply, {size:,} apps, over HTTP", ours, theirs, "Terraform", 10)
        yield row if size == sizes[-1] else replace(row, goal="", met=None)
    exponent = math.log(processor[1] / processor[0], sizes[1] / sizes[0])
    work = f"apply, {sizes[0]:,} → {sizes[1]:,} apps: exponent of processor time"
    yield Row(work, f"{exponent:.2f}", "", "", "≤ 1.1", exponent <= 1.1, len(ours.rounds))


def _validate(bench: Bench, until: float) -> Iterator[Row]:
    for files in (FILES, FILES * 5):
        found = interleaved(works.validate(bench, files), ROUNDS, until, warm=False)
        peer = found["check-jsonschema"]
        yield compared(f"validate, {files:,} files, cold", found["ours"], peer, "check-jsonschema", 8)


SECTIONS: Mapping[str, Callable[[Bench, float], Iterator[Row]]] = {
    "help": _help,
    "validate": _validate,
    "plan": _plan,
    "flat": _flat,
    "apply": _apply,
    "memory": _memory,
    "secrets": _secrets,
    "mail": _mail,
    "preflight": _preflight,
    "loop": _loop,
    "idle": _idle,
    "passes": _passes,
    "webhook": _webhook,
    "flood": _flood,
}
"""In the order in which they run; each bounds itself."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
